"""The results as Markdown."""
import datetime
import json
import os
import statistics

# DESIGN's budgets: what, where, which figure, at most.
CALLS = [
    ('get_instance_details', '500 servers', 8),
    ('get_cluster_status', '500 servers', 30),
    ('search_instances', '1000 servers', 8),
    ('search_by_image', '1000 servers', 8),
    ('hosts', '1000 servers', 15),
    ('first_50', '10000 servers', 12),
    ('joined', '10000 servers', 85),
]
RATIO_SIZES = ['60 servers', '500 servers', '1000 servers']


def machine():
    """The machine, in a line."""
    model = 'unknown processor'
    with open('/proc/cpuinfo') as info:
        for line in info:
            if line.startswith('model name'):
                model = line.split(':')[1].strip()
    with open('/proc/meminfo') as info:
        gib = int(info.readline().split()[1]) / 1024 ** 2
    return '%d × %s, %.0f GiB' % (os.cpu_count(), model, gib)


def told_of(tools):
    """Characters of what a model is told of tools on every turn."""
    return sum(len(tool['name']) + len(tool.get('description') or '')
               + len(json.dumps(tool.get('inputSchema'),
                                separators=(',', ':'), ensure_ascii=False))
               for tool in tools)


def line(row):
    """One row, while it runs."""
    took = '%.3f s' % statistics.median(row.walls) if row.walls else ''
    return '%s, %s ms, %s, %s: %s %s' % (
        row.cloud, row.latency, row.question, row.contestant, took,
        row.problem or '')


def table(head, rows):
    aligned = ['---'] + ['---:'] * (len(head) - 1)
    lines = [head, aligned] + rows
    return ''.join('| %s |\n' % ' | '.join(cells) for cells in lines)


def shown(value, form='%s'):
    return '–' if value is None else form % value


def milliseconds(row):
    if row is None or row['wall'] is None:
        return (row or {}).get('problem') and row['problem'].split(':')[0] \
            or '–'
    return '%.*f' % (0 if row['wall'] >= 0.1 else 1, row['wall'] * 1000)


def spread(row):
    if len(row['walls']) < 2:
        return 'once' if row['walls'] else '–'
    return '%.0f–%.0f' % (min(row['walls']) * 1000, max(row['walls']) * 1000)


def ratio(row, other):
    if not (row and other and row['wall'] and other['wall']):
        return '–'
    times = row['wall'] / other['wall']
    return '%.*f' % (2 if times < 10 else 0, times)


def fastest(row, other):
    """The same of the fastest rounds, which other work disturbs least."""
    if not (row and other and row['walls'] and other['walls']):
        return None
    return min(row['walls']) / min(other['walls'])


def grouped(rows):
    """Rows of the same question, by contestant, in the order of the run."""
    groups = {}
    for row in rows:
        place = row['cloud'], row['latency'], row['question']
        groups.setdefault(place, {})[row['contestant']] = row
    return groups


def place_name(cloud, latency):
    return cloud if latency is None else '%s, %d ms a call' % (cloud, latency)


def details(groups):
    text, last = '', None
    for (cloud, latency, question), rows in groups.items():
        if (cloud, question) != last:
            text += '\n### %s: %s\n\n' % (question, cloud)
            last = cloud, question
        else:
            text += '\n'
        floor, ours = rows.get('floor'), rows.get('graphql cold')
        head = ['' if latency is None else '%d ms a call' % latency, 'calls',
                'median ms', 'from–to', 'CPU s', 'upstream KiB',
                'answer KiB', 'peak MiB', '× floor', '× graphql cold']
        text += table(head, [[
            name + (' (%d waves)' % row['waves'] if row['waves'] else ''),
            shown(row['calls']), milliseconds(row), spread(row),
            shown(row['cpu'], '%.3f'),
            shown(row['bytes'] and row['bytes'] / 1024, '%.0f'),
            shown(row['answer'] and row['answer'] / 1024, '%.0f'),
            shown(row['memory'], '%.0f'), ratio(row, floor),
            ratio(row, ours)] for name, row in rows.items()])
    return text


def summary(groups):
    """One row for each question and cloud."""
    names = ['floor', 'graphql cold', 'graphql warm', 'original 1.1.2',
             'original 3.1.0', 'openstack client']
    rows = []
    for (cloud, latency, question), those in groups.items():
        rows.append(['%s, %s' % (question, place_name(cloud, latency))]
                    + [milliseconds(those.get(name)) for name in names]
                    + [ratio(those.get('graphql cold'), those.get('floor')),
                       shown(fastest(those.get('graphql cold'),
                                     those.get('floor')), '%.2f'),
                       ratio(those.get('original 1.1.2'),
                             those.get('mcp cold'))])
    return table(['median ms'] + names + ['cold / floor', 'of the fastest', '1.1.2 / mcp cold'],
                 rows)


def verdict(measured, most):
    if measured is None:
        return 'not measured'
    return 'kept' if measured <= most else '**missed**'


def budgets(groups, starts):
    rows = []

    def add(what, most, measured, form='%s'):
        rows.append([what, form % most, shown(measured, form),
                     verdict(measured, most)])

    by_place = {}
    for (cloud, _, question), those in groups.items():
        by_place.setdefault((cloud, question), []).append(those)

    def most_of(cloud, question, contestant, figure):
        found = [those[contestant][figure]
                 for those in by_place.get((cloud, question), [])
                 if contestant in those]
        found = [value for value in found if value is not None]
        return max(found, default=None)

    for question, cloud, most in CALLS:
        add('%s, %s: upstream calls' % (question, cloud), most,
            most_of(cloud, question, 'graphql cold', 'calls'))
    for name in ('graphql cold', 'graphql warm'):
        # 300 MB.
        add('joined, 10000 servers: peak MiB, ' + name, 286,
            most_of('10000 servers', 'joined', name, 'memory'), '%.0f')
    warm = [row['calls'] for those in groups.values()
            for name, row in those.items()
            if name.endswith('warm') and row['calls'] is not None]
    add('the same again: upstream calls, the most of all', 0,
        max(warm, default=None))
    for cloud in RATIO_SIZES:
        for question in ('joined', 'hosts'):
            those = groups.get((cloud, 20, question), {})
            ours, floor = those.get('graphql cold'), those.get('floor')
            measured = None
            if ours and floor and ours['wall'] and floor['wall']:
                measured = ours['wall'] / floor['wall']
            what = '%s, %s, 20 ms a call: cold / floor' % (question, cloud)
            add(what, 1.2, measured, '%.2f')
            add(what + ', fastest rounds', 1.2, fastest(ours, floor), '%.2f')
    ours = starts.get('mcp cold', [])

    def median_of(figure, times=1):
        return times * statistics.median(
            start[figure] for start in ours) if ours else None

    add('start to the first tools/list: ms', 100, median_of('seconds', 1000),
        '%.0f')
    add('idle memory then: MiB', 40, median_of('memory'), '%.0f')
    add('tools/list: tokens, of four characters', 3500,
        median_of('characters', 0.25), '%.0f')
    return table(['budget', 'at most', 'measured', ''], rows)


def begun(starts):
    rows = [[name, '%.0f' % (1000 * statistics.median(
        start['seconds'] for start in kept)), str(kept[0]['tools']),
        '%.0f' % (kept[0]['characters'] / 4),
        '%.0f' % statistics.median(start['memory'] for start in kept)]
        for name, kept in starts.items()]
    return table(['start', 'ms to the first tools/list', 'tools',
                  'tokens of it', 'MiB then'], rows)


def markdown(result):
    groups = grouped(result['rows'])
    day = datetime.datetime.fromtimestamp(result['began'],
                                          datetime.timezone.utc)
    return '''# Benchmark

Written by `benches/compare/compare.py` on %s, on %s; it took %.0f minutes, beside other
work (load average %.1f at first, %.1f at last). Medians of %d rounds in which the contestants took turns,
fewer when these took five seconds in all; what took longer than %.0f s was given up,
and not asked where it is harder.

- *floor*: the upstream calls of this server's plan, fired bare over a warm pool, each as soon as those are answered that it
  waited for in the recorded answer, at most eight at a time for each service, and decoded.
- *graphql*, *mcp*: this server over `/graphql` and as a tool on stdio. *cold*: nothing kept but token and discovery. *warm*:
  asked before, with everything kept.
- *original*: `mcp-openstack-ops` of PyPI on stdio. It looks at the servers of its own project alone; this server at all of
  the cloud. 3.1.0 has no `get_cluster_status`.
- *openstack client*: the commands that come nearest to the question, one after another.

The simulated cloud runs on the same processors as whoever asks it.

## In short

%s
## Budgets

%s
## Start

%s
## In full
%s''' % (day.strftime('%Y-%m-%d'), result['machine'], result['seconds'] / 60,
         *result['loads'], result['rounds'], result['limit'], summary(groups),
         budgets(groups, result['starts']), begun(result['starts']),
         details(groups))
