"""The questions, and how each contestant is asked them."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATIONS = os.path.join(HERE, '..', '..', 'schema', 'operations')


def client(*commands):
    """Commands of the `openstack` client, given one after another."""
    return [command.split() for command in commands]


SERVERS = 'server list --all-projects --long'
JOINED = client(
    SERVERS, 'image list', 'flavor list --all', 'project list',
    'hypervisor list --long', 'port list --long', 'floating ip list --long',
    'volume list --all-projects --long')


class Question:
    """One question; whoever has no way to be asked it is left out."""

    def __init__(self, name, tool=None, arguments=None, original=True,
                 commands=None):
        self.name = name
        self.tool = tool
        self.arguments = arguments or {}
        self.original = original
        self.commands = commands

    def document(self):
        """The GraphQL that asks it: the tool's own, or one of ours."""
        folder = OPERATIONS if self.tool else os.path.join(HERE, 'questions')
        with open(os.path.join(folder, '%s.graphql' % (
                self.tool or self.name))) as file:
            return file.read()

    def variables(self):
        """The tool's arguments as the document's variables: enums in capitals."""
        return {key: value.upper() if key == 'search_in' else value
                for key, value in self.arguments.items()}


ALL = [
    Question('get_cluster_status', 'get_cluster_status', commands=client(
        'hypervisor list --long', 'compute service list',
        'network agent list', 'volume service list',
        SERVERS, 'network list', 'router list',
        'floating ip list', 'volume list --all-projects',
        'project list')),
    Question('get_instance_details', 'get_instance_details', {'limit': 50},
             commands=client(SERVERS + ' --limit 50')),
    Question('search_instances', 'search_instances',
             {'search_term': 'web', 'search_in': 'name'},
             commands=client('server list --all-projects --long --name web')),
    Question('search_by_image', 'search_instances',
             {'search_term': 'ubuntu', 'search_in': 'image'}),
    Question('first_50', original=False),
    Question('joined', original=False, commands=JOINED),
    Question('hosts', original=False),
]
BY_NAME = {question.name: question for question in ALL}
