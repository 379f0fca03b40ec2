"""Look at a cloud for the writing suite, and clean up behind it.

A line of JSON in, {"service", "method", "path", "body", "microversion"}, is a
line of JSON out, {"status", "body"}. openstacksdk finds the cloud (OS_CLOUD,
OS_CLIENT_CONFIG_FILE), logs in and reads the catalog; the requests are plain.
The service "session" tells which project that is in.
"""
import json
import sys

import openstack

MICROVERSIONS = {'compute': '2.96', 'block_storage': '3.70'}

cloud = openstack.connect()

for line in sys.stdin:
    asked = json.loads(line)
    if asked['service'] == 'session':
        body = {'project': cloud.current_project_id}
        print(json.dumps({'status': 200, 'body': body}), flush=True)
        continue
    service = getattr(cloud, asked['service'])
    version = asked.get('microversion') or MICROVERSIONS.get(asked['service'])
    answer = service.request(
        asked['path'], asked.get('method', 'GET'), json=asked.get('body'),
        microversion=version, raise_exc=False)
    try:
        body = answer.json()
    except ValueError:
        body = None
    print(json.dumps({'status': answer.status_code, 'body': body}), flush=True)
