"""Record what a real cloud answers to the requests of requests.yaml, and to
the sessions of sessions/*.yaml.

    OS_CLOUD=live python tests/recorded/record.py [--clouds-yaml FILE]
                                                  [--service NAME]
                                                  [--session NAME]

OS_CLOUD names an administrator's entry; NAME-member and NAME-reader beside it
are users of project-1 with just that role (`tests/live/seed.py` makes them; an
administrator NAME-admin is taken too). The cloud is only read, but for the
sessions, which delete in the end what they made.

There is one file for each service, with an exchange under the request's name
and asker: the status, the headers that matter, and the body as `json` or
`text`. A list is cut to the rows that show something new, and `rows` then
tells how many there were; a long text is cut too. Secrets are removed, ids,
times, MAC addresses and the services' URLs are replaced by others of the same
form, the same one by the same one within an exchange; in errors, what was
asked for by what stands for it in the request. Recorded again on the same
cloud, the files hardly differ. A session's file has its exchanges in order,
uncut.
"""
import argparse
import json
import os
import pathlib
import re
import sys
import time
import urllib.parse

import openstack.config
import requests
import yaml

HERE = pathlib.Path(__file__).parent
HEADERS = ('Content-Type', 'OpenStack-API-Version', 'Vary', 'Location',
           'WWW-Authenticate', 'Retry-After', 'Allow',
           'X-OpenStack-Nova-API-Version')
# Only that they are there.
PRESENT = ('X-OpenStack-Request-Id', 'X-Compute-Request-Id', 'X-Subject-Token')
METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD')
WHO = ('admin', 'member', 'reader', 'all', 'nobody', 'stranger')
CODES = {'compute': 'compute', 'block-storage': 'volume',
         'placement': 'placement'}
ALL = ['admin', 'member', 'reader']
SECRETS = {'user_data', 'OS-EXT-SRV-ATTR:user_data', 'private_key', 'adminPass',
           'password', 'secret', 'blob', 'auth_password'}
# Numbers that grow by the second.
GROWING = {'uptime', 'hours', 'total_hours', 'total_vcpus_usage',
           'total_memory_mb_usage', 'total_local_gb_usage'}
LONGEST_TEXT = 300
LONGEST_ERROR = 4000
# Seconds that something may take in a session, and between two looks.
PATIENCE = 90
PAUSE = 0.5
VARIABLE = re.compile(
    r'\{([a-z][a-z0-9-]*)((?:\.[^.{}]+)*)\}')
VOLATILE = re.compile(
    r'(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'
    r'|(?P<hex>(?<![0-9a-f])[0-9a-f]{32,}(?![0-9a-f]))'
    r'|(?P<mac>(?<![0-9a-f:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:]))'
    r'|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?P<part>\.\d+)?)')


class Asker:
    """Somebody of clouds.yaml with a token and the URLs of the services."""

    def __init__(self, config, cloud):
        region = config.get_one(cloud=cloud)
        session = region.get_session()
        access = session.auth.get_access(session)
        self.known = {
            'password': region.config['auth']['password'],
            'token': access.auth_token,
            'username': access.username, 'user_id': access.user_id,
            'user_domain_name': access.user_domain_name,
            'project_name': access.project_name,
            'project_id': access.project_id,
            'project_domain_name': access.project_domain_name}
        self.roots = {}
        for entry in access.service_catalog.catalog:
            url = next(it['url'] for it in entry['endpoints']
                       if it['interface'] == 'public')
            root = re.sub(r'/v\d+(\.\d+)?(/[0-9a-f]{32})?/?$', '', url)
            self.roots[entry['type']] = root.rstrip('/')


class Cloud:
    """The three askers, and what the lookups find."""

    def __init__(self, config, name, script):
        clouds = config.get_cloud_names()
        admin = name if name in clouds else name + '-admin'
        self.askers = {'admin': Asker(config, admin),
                       'member': Asker(config, name + '-member'),
                       'reader': Asker(config, name + '-reader')}
        self.script = script
        self.found = {}
        self.http = requests.Session()
        self.http.trust_env = False

    def asker(self, who):
        return self.askers.get(who, self.askers['admin'])

    def look_up(self, name):
        if name not in self.found:
            self.found[name] = self.find(name)
        return self.found[name]

    def find(self, name):
        how = self.script['lookups'].get(name)
        if how is None:
            sys.exit('no lookup is called %r' % name)
        *who, service, path, key = [
            word for word in how['find'].split() if word[0] != '@']
        at = [word[1:] for word in how['find'].split() if word[0] == '@']
        ask = ' '.join(['GET', path] + ['@' + it for it in at])
        answer = self.send(Request(self.script, service, name, ask),
                           who[0] if who else 'admin')
        rows = answer.json().get(key) if answer.ok else None
        if rows is None:
            sys.exit('%s: %s %s' % (name, answer.status_code, answer.text))
        if 'of' in how:
            rows = [row[how['of']] for row in rows]
        where = self.filled_body('admin', how.get('where', {}))
        rows = [row for row in rows if all(
            chosen(pick(row, path), wanted)
            for path, wanted in where.items())]
        rows = rows[-1:] if how.get('last') else rows[how.get('nth', 0):]
        if not rows:
            print('nothing found: ' + name, file=sys.stderr)
            return None
        return rows[0]

    def value(self, who, name, path):
        """What stands for `{name.path}`; None when the cloud has none."""
        if name in self.askers:
            return self.askers[name].known[path]
        if name in ('project', 'user'):
            return self.asker(who).known[name + '_id']
        row = self.look_up(name)
        if path:
            return pick(row, path)
        return row and (row.get('id') or row.get('uuid') or row.get('name'))

    def filled(self, who, text, quote=lambda value: value):
        def fill(match):
            value = self.value(who, match[1], match[2][1:])
            if value is None:
                raise LookupError(match[0])
            if isinstance(value, dict):
                value = json.dumps(value)
            return quote(str(value))
        return VARIABLE.sub(fill, text)

    def names(self, who, request):
        """What of a request is data: {value: its place}."""
        text = request.path
        if request.of_session:
            text += json.dumps(request.body)
        return {str(self.value(who, match[1], match[2][1:])): match[0]
                for match in VARIABLE.finditer(text)}

    def filled_body(self, who, body):
        if isinstance(body, dict):
            return {key: self.filled_body(who, it) for key, it in body.items()}
        if isinstance(body, list):
            return [self.filled_body(who, it) for it in body]
        return self.filled(who, body) if isinstance(body, str) else body

    def send(self, request, who):
        def quote(value):
            return urllib.parse.quote(value, safe='')
        path = request.path
        root = self.askers['admin'].roots[request.service]
        if path.startswith('root:'):
            path = path.removeprefix('root:')
        else:
            path = self.script[request.service]['base'] + path
        headers = {'Accept': 'application/json'}
        if who == 'stranger':
            headers['X-Auth-Token'] = 'nobody-issued-this'
        elif who != 'nobody':
            headers['X-Auth-Token'] = self.asker(who).known['token']
        if request.at:
            headers['OpenStack-API-Version'] = '%s %s' % (
                CODES[request.service], request.at)
        body = None
        if isinstance(request.body, str):
            body = request.body.encode()
        elif request.body is not None:
            body = json.dumps(self.filled_body(who, request.body))
            headers['Content-Type'] = 'application/json'
        headers.update(self.filled_body(who, request.headers))
        return self.http.request(
            request.method, root + self.filled(who, path, quote), data=body,
            headers=headers, allow_redirects=False, timeout=90)


class Request:
    """One line of requests.yaml, or of a session."""

    def __init__(self, script, service, name, line, of_session=False):
        line = {'ask': line} if isinstance(line, str) else line
        words = line['ask'].split()
        version = words.pop()[1:] if words[-1][0] == '@' else None
        self.path = words.pop()
        self.method = words.pop()
        if words and words[-1] in script:
            service = words.pop()
        at = version or script[service].get('at')
        who = words.pop().split(',') if words else ['admin']
        assert not words and self.method in METHODS, line
        assert all(it in WHO for it in who), line
        self.who = ALL if who == ['all'] else who
        self.at = None if at == 'none' else at
        self.service = service
        self.name = name
        self.body = line.get('body')
        self.headers = line.get('headers', {})
        self.of_session = of_session

    def line(self):
        at = ['@' + self.at] if self.at else []
        return ' '.join([self.method, self.path] + at)

    def group(self, who):
        """Answers of one group are of one shape, and cut as one."""
        path, _, query = self.path.partition('?')
        fields = [it for it in query.split('&') if it.startswith('fields=')]
        path = VARIABLE.sub('{}', path)
        return self.method, path, tuple(fields), self.at, who


def pick(value, path):
    for step in path.split('.'):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if value else None
    return value


def chosen(value, wanted):
    if wanted == '*':
        return bool(value)
    if isinstance(wanted, str) and wanted.startswith('!'):
        return value != wanted[1:]
    return value == wanted


class Normal:
    """Replaces what is another at the next recording."""

    def __init__(self, roots, names):
        self.names = names
        # The longest first: one may be the beginning of another.
        self.roots = sorted(((root, 'http://' + service)
                             for service, root in roots.items()),
                            key=lambda it: -len(it[0]))
        self.seen = {}

    def text(self, text):
        text = re.sub(r'File "[^"]*/site-packages/', 'File "/', text)
        for root, name in self.roots:
            text = re.sub(re.escape(root) + r'(?![\w.-])', name, text)
        for value, place in self.names.items():
            text = re.sub(r'(?<![\w-])%s(?![\w-])' % re.escape(value), place,
                          text)
        return VOLATILE.sub(self.replace, text)

    def replace(self, match):
        kind, text = match.lastgroup, match[0]
        if match['time']:
            part = match['part'] or ''
            return '2026-01-02%s03:04:05%s' % (
                text[10], re.sub(r'\d', '0', part))
        # An id that says nothing is one of ours, asked for on purpose.
        if not text.strip('0-') or text == '00000000-0000-4000-8000-000000000000':
            return text
        number = self.seen.setdefault(
            text, sum(len(it) == len(text) for it in self.seen) + 1)
        if match['uuid']:
            return '00000000-0000-4000-8000-%012d' % number
        if match['mac']:
            return 'fa:16:3e:00:%02x:%02x' % divmod(number, 256)
        return '%0*d' % (len(text), number)

    def value(self, value, key=''):
        if isinstance(value, dict):
            if key == 'connection_info':
                return {}
            return {self.text(name): self.value(it, name)
                    for name, it in sorted(value.items())}
        if isinstance(value, list):
            if key == 'audit_ids':
                return ['A' * 22 for _ in value]
            return [self.value(it, key) for it in value]
        if isinstance(value, str):
            if key in SECRETS and value:
                return 'removed'
            if key == 'uptime':
                return re.sub(r'\d+', '0', value)
            return self.text(value)
        if key in GROWING and value:
            return type(value)(1.5)
        return value


class Cutter:
    """Cuts lists to the rows that show what no row of the group did before."""

    def __init__(self, maps):
        self.maps = {it if isinstance(it, str) else it['at']:
                     [] if isinstance(it, str) else it['fixed'] for it in maps}
        self.groups = {}

    def cut(self, group, body, sorts):
        shown = self.groups.setdefault(group, set())
        lengths = {}
        body = self.value(body, '', shown, lengths, 4 if sorts else 2)
        return body, lengths

    def value(self, value, path, shown, lengths, least):
        if isinstance(value, dict):
            return {key: self.value(it, path + '.' + key if path else key,
                                    shown, lengths, least)
                    for key, it in value.items()}
        if isinstance(value, list):
            if '.' in path:
                least = 4
            kept = []
            for number, row in enumerate(value):
                features = set(self.features(row, path))
                if number < least or features - shown:
                    kept.append(row)
                    shown |= features
            if len(kept) < len(value):
                lengths[path] = len(value)
            # How long the lists inside of rows were is not told.
            return [self.value(row, path, shown, {}, 4) for row in kept]
        return value

    def features(self, value, path):
        if isinstance(value, dict):
            name = path.rpartition('.')[2]
            fixed = self.maps.get(path, self.maps.get(name))
            yield path, tuple(sorted(value)) if fixed is None else 'map'
            for key, it in value.items():
                if fixed is not None and key not in fixed:
                    key = '*'
                yield from self.features(it, path + '.' + key)
        elif isinstance(value, list):
            yield path, 'many' if value else 'none'
            for it in value:
                yield from self.features(it, path)
        elif isinstance(value, str):
            yield path, form(value)
            word = path.rpartition('.')[2]
            if re.search(r'(status|state|type|owner|visibility|policy)$', word):
                yield path, value
        else:
            yield path, type(value).__name__


def form(text):
    """A string's form, roughly."""
    text = re.sub(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'U', text)
    if re.match('http|/v', text):
        return re.sub(r'(?<=/)[^/]*\d[^/]*(?=/|$)|(?<==)[^&]*', '', text)
    if len(text) > 12 and not re.search(r'\d{4}-\d\d-|U', text):
        return 'text'
    text = re.sub(r'\d+', '0', text)
    text = re.sub(r'[0-9a-f:]{3,}', 'h', text)
    return re.sub(r'[A-Za-z]\w*', 'w', text)[:20]


def shortened(value, longest):
    if isinstance(value, dict):
        return {key: shortened(it, longest) for key, it in value.items()}
    if isinstance(value, list):
        return [shortened(it, longest) for it in value]
    if isinstance(value, str) and len(value) > longest:
        return value[:longest] + '…'
    return value


def settled(value, depth=0):
    """Lists inside of things come in any order: by id."""
    if isinstance(value, dict):
        return {key: settled(it, depth + 1) for key, it in value.items()}
    if isinstance(value, list):
        rows = [settled(it, depth + 1) for it in value]
        if depth > 1 and all(isinstance(row, dict) and 'id' in row
                             for row in rows):
            rows.sort(key=lambda row: str(row['id']))
        return rows
    return value


def exchange(answer, roots, names, cutter, group, sorts):
    failed = answer.status_code >= 400
    normal = Normal(roots, names if failed else {})
    told = {'status': answer.status_code}
    headers = {name.lower(): normal.text(answer.headers[name])
               for name in HEADERS if name in answer.headers}
    headers.update({name.lower(): 'present'
                    for name in PRESENT if name in answer.headers})
    told['headers'] = headers
    longest = LONGEST_ERROR if failed else LONGEST_TEXT
    try:
        body = normal.value(settled(answer.json()))
    except ValueError:
        if answer.text:
            told['text'] = shortened(normal.text(answer.text), longest)
        return told
    if not failed and cutter:
        body, rows = cutter.cut(group, body, sorts)
        if rows:
            told['rows'] = rows
    told['json'] = shortened(body, longest)
    return told


def record(cloud, service):
    part = cloud.script[service]
    cutter = Cutter(part.get('maps', []))
    roots = cloud.askers['admin'].roots
    told, lost = {}, 0
    for name, line in part['requests'].items():
        request = Request(cloud.script, service, name, line)
        for who in request.who:
            title = '%s (%s)' % (name, who)
            try:
                answer = cloud.send(request, who)
            except LookupError as error:
                print('%s: %s: the cloud has no %s' % (service, title, error),
                      file=sys.stderr)
                lost += 1
                continue
            sorts = isinstance(line, dict) and 'sorted' in line
            told[title] = {'request': request.line(), **exchange(
                answer, roots, cloud.names(who, request), cutter,
                request.group(who), sorts)}
    with open(HERE / (service + '.json'), 'w') as file:
        json.dump(told, file, indent=1, ensure_ascii=False)
        file.write('\n')
    print('%s: %d exchanges, %d that the cloud lacks something for' % (
        service, len(told), lost))


class Session:
    """A file of sessions/, played on a cloud."""

    def __init__(self, cloud, path):
        self.cloud = cloud
        self.path = path
        self.told = yaml.safe_load(path.read_text())
        # What the lookups found may be gone since.
        cloud.found = {}

    def request(self, line):
        return Request(self.cloud.script, self.told['service'], self.path.stem,
                       line, of_session=True)

    def record(self):
        exchanges = []
        try:
            for step in self.told['steps']:
                if 'until' in step:
                    self.wait(step)
                else:
                    exchanges.append(self.take(step))
        finally:
            for line in reversed(self.told.get('finally', [])):
                self.clean(line)
        with open(self.path.with_suffix('.json'), 'w') as file:
            json.dump(exchanges, file, indent=1, ensure_ascii=False)
            file.write('\n')
        print('session %s: %d exchanges' % (self.path.stem, len(exchanges)))

    def take(self, step):
        request = self.request(step)
        who, = request.who
        answer = self.cloud.send(request, who)
        print('  %s %s %s %s' % (answer.status_code, who, request.line(),
                                 answer.text[:200] if not answer.ok else ''))
        told = {'who': who, 'service': request.service,
                'request': request.line(),
                **exchange(answer, self.cloud.askers['admin'].roots,
                           self.cloud.names(who, request), None, None, False)}
        if isinstance(step, dict) and 'as' in step:
            self.cloud.found[step['as']] = captured(answer)
        return told

    def wait(self, step):
        request = self.request(step['until'])
        who, = request.who
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.cloud.send(request, who)
            if fulfils(answer, self.cloud.filled_body(who, step['is'])):
                return
            if time.monotonic() > end:
                raise TimeoutError('%s: %s' % (step, answer.text))
            time.sleep(PAUSE)

    def clean(self, line):
        try:
            request = self.request(line)
            answer = self.cloud.send(request, request.who[0])
        except LookupError:
            return
        # What is gone already is no matter, what takes its time is waited for.
        end = time.monotonic() + PATIENCE
        while answer.ok and request.method == 'DELETE':
            if time.monotonic() > end:
                raise TimeoutError('%s: is still there' % request.line())
            time.sleep(PAUSE)
            answer = self.cloud.send(request, request.who[0])
        if answer.status_code not in (404, 405) and not answer.ok:
            print('  not cleaned: %s %s %s' % (
                answer.status_code, request.line(), answer.text[:200]))


def captured(answer):
    """The one thing that an answer is about, and the request's id."""
    try:
        row = answer.json()
    except ValueError:
        row = {}
    if len(row) == 1 and isinstance(next(iter(row.values())), dict):
        row = next(iter(row.values()))
    return {**row, 'request-id': answer.headers.get('X-OpenStack-Request-Id')}


def fulfils(answer, wanted):
    """`wanted` is a status, or what stands at paths of the body."""
    if isinstance(wanted, int):
        return answer.status_code == wanted
    return answer.ok and all(chosen(pick(answer.json(), path), value)
                             for path, value in wanted.items())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--clouds-yaml', help='instead of the usual places')
    parser.add_argument('--service', help='the requests of this one only')
    parser.add_argument('--session', help='this one only')
    args = parser.parse_args()
    files = {'config_files': [args.clouds_yaml]} if args.clouds_yaml else {}
    config = openstack.config.OpenStackConfig(**files)
    script = yaml.safe_load((HERE / 'requests.yaml').read_text())
    cloud = Cloud(config, os.environ['OS_CLOUD'], script)
    for service in script:
        is_wanted = args.service == service if args.service else not args.session
        if service not in ('lookups', 'unproved') and is_wanted:
            record(cloud, service)
    for path in sorted((HERE / 'sessions').glob('*.yaml')):
        is_wanted = args.session == path.stem if args.session else not args.service
        if is_wanted:
            Session(cloud, path).record()


if __name__ == '__main__':
    main()
