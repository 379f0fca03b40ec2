"""The medians by the size of the cloud, drawn."""
import json
import sys

import matplotlib
matplotlib.use('svg')
matplotlib.rcParams['svg.hashsalt'] = 'compare'
from matplotlib import pyplot  # noqa: E402

QUESTIONS = ['get_cluster_status', 'get_instance_details', 'search_instances',
             'joined']
STYLES = {
    'floor': ('#444444', '--'),
    'graphql cold': ('#0072b2', '-'),
    'graphql warm': ('#56b4e9', '-'),
    'original 1.1.2': ('#d55e00', '-'),
    'original 3.1.0': ('#e69f00', '-'),
    'openstack client': ('#009e73', '-'),
}


def points(rows, question, latency, contestant):
    found = [(int(row['cloud'].split()[0]), row['wall']) for row in rows
             if row['question'] == question and row['latency'] == latency
             and row['contestant'] == contestant and row['wall']
             and row['cloud'].endswith(' servers')]
    return sorted(found)


def main():
    source, target = sys.argv[1:]
    with open(source) as file:
        result = json.load(file)
    rows = result['rows']
    latencies = sorted({row['latency'] for row in rows
                        if row['latency'] is not None})
    if not latencies:
        return
    figure, axes = pyplot.subplots(
        len(latencies), len(QUESTIONS), sharex=True, sharey=True,
        squeeze=False, figsize=(13, 1 + 3 * len(latencies)))
    for line, latency in zip(axes, latencies):
        for place, question in zip(line, QUESTIONS):
            draw(place, rows, question, latency)
        line[0].set_ylabel('%d ms a call\nseconds' % latency)
    for place in axes[-1]:
        place.set_xlabel('servers')
    handles = [pyplot.Line2D([], [], color=color, linestyle=style, marker='o',
                             markersize=4, label=name)
               for name, (color, style) in STYLES.items()]
    figure.legend(handles=handles, loc='lower center', ncols=len(handles),
                  frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(target, metadata={'Date': None})


def draw(place, rows, question, latency):
    place.set_title(question, fontsize=10)
    place.set_xscale('log')
    place.set_yscale('log')
    place.grid(alpha=0.3)
    for contestant, (color, style) in STYLES.items():
        found = points(rows, question, latency, contestant)
        if found:
            place.plot(*zip(*found), color=color, linestyle=style, marker='o',
                       markersize=4)


if __name__ == '__main__':
    main()
