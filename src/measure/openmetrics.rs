//! Prometheus text as OpenMetrics text: counters are described without `_total`, and it ends with a
//! line that says so. The exporter writes the first alone.

use std::fmt::Write as _;

/// The same series as OpenMetrics text.
#[must_use]
pub fn open_metrics(prometheus: &str) -> String {
    let mut counters: Vec<&str> = prometheus.lines().filter_map(counter).collect();
    counters.sort_unstable();
    let mut told = String::with_capacity(prometheus.len() + 16);
    for line in prometheus.lines().filter(|line| !line.is_empty()) {
        let described = described(line).filter(|(_, name, _)| counters.binary_search(name).is_ok());
        // Writing to a string does not fail.
        let _ = match described {
            Some((word, name, rest)) => {
                let name = name.strip_suffix("_total").unwrap_or(name);
                writeln!(told, "# {word} {name} {rest}")
            }
            None => writeln!(told, "{line}"),
        };
    }
    told.push_str("# EOF\n");
    told
}

/// The name of the counter that a line is about to begin.
fn counter(line: &str) -> Option<&str> {
    match described(line) {
        Some(("TYPE", name, "counter")) => Some(name),
        _ => None,
    }
}

/// The word, name and rest of a line that describes a series.
fn described(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line.strip_prefix("# ")?;
    let (word, rest) = rest.split_once(' ')?;
    let (name, rest) = rest.split_once(' ')?;
    Some((word, name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_without_their_ending() {
        let told = open_metrics(
            "# HELP a_total How many\n# TYPE a_total counter\na_total{x=\"# TYPE\"} 1\n\n\
             # HELP b_total How much\n# TYPE b_total gauge\nb_total 2\n",
        );
        assert_eq!(
            told,
            "# HELP a How many\n# TYPE a counter\na_total{x=\"# TYPE\"} 1\n\
             # HELP b_total How much\n# TYPE b_total gauge\nb_total 2\n# EOF\n"
        );
    }
}
