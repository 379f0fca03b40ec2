use async_graphql::ID;
use proptest::prelude::*;

use super::*;

#[derive(SimpleObject)]
struct Toy {
    id: ID,
}

impl Node for Toy {
    fn cursor_id(&self) -> &str {
        &self.id
    }
}

/// A page of rows, by their ids, and the cursor to go on with.
fn page(rows: &[String], first: usize, after: Option<String>) -> (Vec<String>, Option<String>) {
    let slice = PageArguments {
        first: Some(i32::try_from(first).unwrap()),
        after,
        ..PageArguments::default()
    };
    let slice = slice.checked().unwrap();
    let toy = |id: &String| Toy { id: ID::from(id) };
    let page = Connection::cut(rows, |id| id, &slice, Reach::Cloud, toy);
    let ids = page.rows().iter().map(|toy| toy.id.to_string()).collect();
    let last = page.rows().len().checked_sub(1);
    let end = last.map(|last| page.cursor(last, &page.rows()[last]));
    (ids, end.filter(|_| page.has_next))
}

/// All rows, page by page; `between` may change them after each page.
fn walked(rows: &mut Vec<String>, first: usize, between: impl Fn(&mut Vec<String>)) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (ids, end) = page(rows, first, after);
        seen.extend(ids);
        let Some(end) = end else { return seen };
        after = Some(end);
        between(rows);
    }
}

proptest! {
    #[test]
    fn a_cursor_comes_back_as_it_was(position in any::<usize>(), id in ".{0,80}") {
        let cursor = Cursor { position, id };
        prop_assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
    }

    #[test]
    fn what_is_no_cursor_is_refused_by_name(text in ".{0,60}") {
        if let Err(error) = Cursor::decode(&text) {
            prop_assert!(error.to_string().contains(&text));
        }
    }

    #[test]
    fn no_forged_place_is_out_of_the_list(position in any::<usize>(), rows in 0..5_usize) {
        let rows: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
        let cursor = Cursor { position, id: "gone".to_owned() };
        let (ids, _) = page(&rows, 2, Some(cursor.encode()));
        prop_assert!(ids.len() <= 2);
    }

    #[test]
    fn pages_have_every_row_once(rows in 0..60_usize, first in 1..20_usize) {
        let mut rows: Vec<String> = (0..rows).map(|row| format!("row:{row}")).collect();
        let all = rows.clone();
        prop_assert_eq!(walked(&mut rows, first, |_| ()), all);
    }

    /// Rows that come in front of a page move the others, and none is told twice or left out.
    #[test]
    fn rows_that_come_first_move_no_page(rows in 1..60_usize, first in 1..20_usize) {
        let mut rows: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
        let all = rows.clone();
        let one_more = |rows: &mut Vec<String>| rows.insert(0, format!("new-{}", rows.len()));
        prop_assert_eq!(walked(&mut rows, first, one_more), all);
    }

    /// The last row of each page goes before the next is asked for: those behind it are told still.
    #[test]
    fn a_cursor_outlives_its_row(rows in 1..60_usize, first in 1..20_usize) {
        let rows: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
        let (mut left, mut seen, mut after) = (rows.clone(), Vec::new(), None);
        loop {
            let (ids, end) = page(&left, first, after);
            let last = ids.last().cloned();
            seen.extend(ids);
            let Some(end) = end else { break };
            left.retain(|row| Some(row) != last.as_ref());
            after = Some(end);
        }
        prop_assert_eq!(seen, rows);
    }
}
