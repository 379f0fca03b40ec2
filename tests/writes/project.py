"""Make a project with one member for the writing suite, or remove it.

project.py make FILE writes a clouds.yaml with the entry `alone`, and
project.py remove FILE removes what that one is about. The administrator is
found as openstacksdk finds clouds (OS_CLOUD, OS_CLIENT_CONFIG_FILE).
"""
import json
import pathlib
import secrets
import sys

import openstack

action, file = sys.argv[1], pathlib.Path(sys.argv[2])
cloud = openstack.connect()

if action == 'make':
    name, password = file.stem, secrets.token_urlsafe(16)
    identity = cloud.identity
    project = identity.create_project(name=name, domain_id='default')
    user = identity.create_user(
        name=name, password=password, domain_id='default',
        default_project_id=project.id)
    role = identity.find_role('member', ignore_missing=False)
    identity.assign_project_role_to_user(project, user, role)
    entry = {
        'auth': {
            'auth_url': cloud.config.config['auth']['auth_url'],
            'username': name, 'password': password, 'project_id': project.id,
            'user_domain_id': 'default',
        },
        'region_name': cloud.config.region_name,
    }
    # JSON is YAML.
    file.write_text(json.dumps({'clouds': {'alone': entry}}))
else:
    project = cloud.identity.find_project(file.stem)
    if project:
        for group in cloud.network.security_groups(project_id=project.id):
            cloud.network.delete_security_group(group)
        cloud.identity.delete_user(cloud.identity.find_user(file.stem))
        cloud.identity.delete_project(project)
    file.unlink()
print('null')
