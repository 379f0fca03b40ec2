import { useMemo } from 'react';

import { graphql } from '../graphql/graphql';
import { formatWord, shortId } from '../lib/format';
import { kindTitle } from '../lib/kinds';
import { useLive } from '../lib/live';
import { toneOf } from '../lib/status';
import { type TreeItem, resourceTree } from '../lib/tree';
import type { ThingOf } from '../lib/types';
import { useCloudName } from '../lib/url-state';
import { told, watch } from '../lib/watch';
import { DetailView } from '../ui/detail';
import { Thing } from '../ui/link';
import { None, Status } from '../ui/status';
import { Rows } from '../ui/table';
import { Age } from '../ui/time';
import { Missing } from '../ui/trouble';
import { Card, Facts } from '../ui/view';

const STACK = graphql(`
  query Stack($cloud: String, $id: Ref!) {
    cloud(name: $cloud) {
      stack(id: $id) {
        id
        name
        description
        action
        status
        statusReason
        owner
        projectId
        project {
          id
          name
        }
        parent {
          id
          name
        }
        tags
        createdAt
        updatedAt
        timeoutMinutes
        isRollbackDisabled
        parameters
        outputs {
          key
          description
          value
          error
        }
        template
        resources(first: 500) {
          pageInfo {
            hasNextPage
          }
          nodes {
            name
            type
            action
            status
            statusReason
            physicalResourceId
            requiredBy
            parentResource
            updatedAt
            physicalResource {
              __typename
            }
          }
        }
        events(first: 100) {
          pageInfo {
            hasNextPage
          }
          nodes {
            id
            resourceName
            action
            status
            statusReason
            createdAt
          }
        }
      }
    }
  }
`);

/** That this stack has changed: the rest is asked for. */
const CHANGES = graphql(`
  subscription OneStack($cloud: String, $id: ID!) {
    stackChanged(cloud: $cloud, filter: { ids: [$id] }) {
      kind
      id
      seenAt
    }
  }
`);

type Stack_ = ThingOf<typeof STACK, 'stack'>;
type Resource = NonNullable<Stack_['resources']>['nodes'][number];

function State({ of }: { of: { action: string; status: string } }) {
  return <Status status={of.status} detail={of.action.toLowerCase()} tone={toneOf(of.status)} />;
}

export function Stack({ id }: { id: string }) {
  const cloud = useCloudName();
  const variables = { cloud, id };
  const watches = useMemo(
    () => [watch(CHANGES, { cloud, id }, ({ stackChanged }) => told('Stack', stackChanged))],
    [cloud, id],
  );
  const live = useLive(STACK, variables, { watches });
  return (
    <DetailView
      what="stack"
      id={id}
      title={live.data?.cloud?.stack?.name}
      list={{ title: 'Stacks', path: '/stacks' }}
      live={live}
      node={live.data?.cloud?.stack}
      shown={{ document: STACK, variables }}
    >
      {(stack) => <Details stack={stack} />}
    </DetailView>
  );
}

function Details({ stack }: { stack: Stack_ }) {
  return (
    <div className="grid">
      <div className="stack span-4">
        <Card title="About" aside={<State of={stack} />}>
          <Facts
            facts={[
              ['Reason', stack.statusReason ?? <None key="reason" />],
              ['Description', stack.description ?? <None key="description" />],
              [
                'Project',
                <Thing key="project" kind="Project" thing={stack.project} id={stack.projectId} />,
              ],
              ['Owner', stack.owner ?? <None key="owner" />],
              [
                'Part of',
                stack.parent ? (
                  <Thing key="parent" kind="Stack" thing={stack.parent} />
                ) : (
                  <None key="parent" />
                ),
              ],
              ['Created', <Age key="created" time={stack.createdAt} />],
              [
                'Changed',
                stack.updatedAt ? (
                  <Age key="updated" time={stack.updatedAt} />
                ) : (
                  <None key="updated" />
                ),
              ],
              [
                'Rollback',
                stack.isRollbackDisabled === null
                  ? 'unknown'
                  : stack.isRollbackDisabled
                    ? 'off'
                    : 'on failure',
              ],
            ]}
          />
        </Card>
        <Card title="Parameters">
          <Values value={stack.parameters} empty="It takes none." />
        </Card>
        <Card title="Outputs">
          <Rows
            label="Outputs"
            rows={stack.outputs}
            empty="It has none."
            columns={[
              {
                title: 'Name',
                cell: (output) => <span title={output.description ?? undefined}>{output.key}</span>,
              },
              {
                title: 'Value',
                cell: (output) => (
                  <span className="prose">{output.error ?? display(output.value)}</span>
                ),
              },
            ]}
          />
        </Card>
      </div>
      <div className="stack span-8">
        <Card title="Resources" aside={stack.resources ? 'below what they need' : undefined}>
          {stack.resources ? (
            <div className="tree">
              <Tree items={resourceTree(stack.resources.nodes)} />
              {stack.resources.nodes.length === 0 ? <p className="empty">It has none.</p> : null}
            </div>
          ) : (
            <Missing what="Resources" />
          )}
        </Card>
        <Card title="Events" aside="the newest first">
          <Rows
            label="Events"
            rows={stack.events?.nodes}
            empty="No event is known."
            isCut={stack.events?.pageInfo.hasNextPage ?? false}
            columns={[
              { title: 'When', cell: (event) => <Age time={event.createdAt} /> },
              { title: 'Resource', cell: (event) => event.resourceName ?? <None /> },
              { title: 'State', cell: (event) => <State of={event} /> },
              {
                title: 'Reason',
                cell: (event) => <span className="prose">{event.statusReason}</span>,
              },
            ]}
          />
        </Card>
        <Card title="Template">
          {stack.template === null ? (
            <Missing what="The template" />
          ) : (
            <pre className="code" tabIndex={0} aria-label="Template">
              {JSON.stringify(stack.template, null, 2)}
            </pre>
          )}
        </Card>
      </div>
    </div>
  );
}

function display(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function Values({ value, empty }: { value: unknown; empty: string }) {
  if (value === null) return <Missing what="They" />;
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length === 0) return <p className="empty">{empty}</p>;
  return (
    <Facts facts={entries.map(([name, each]) => [name, <code key={name}>{display(each)}</code>])} />
  );
}

function Tree({ items }: { items: TreeItem<Resource>[] }) {
  return (
    <ul>
      {items.map(({ resource, children }) => {
        const kind = resource.physicalResource?.__typename;
        return (
          <li key={`${resource.parentResource ?? ''}/${resource.name}`}>
            <div>
              <strong>{resource.name}</strong>
              <span className="muted">{resource.type}</span>
              <State of={resource} />
              {kind ? (
                <Thing
                  kind={kind}
                  thing={{ id: resource.physicalResourceId, name: kindTitle(kind) }}
                />
              ) : resource.physicalResourceId ? (
                <code className="muted" title={resource.physicalResourceId}>
                  {shortId(resource.physicalResourceId)}
                </code>
              ) : null}
              {resource.status === 'FAILED' ? (
                <span className="tone-bad reason">
                  {resource.statusReason ?? formatWord(resource.status)}
                </span>
              ) : null}
            </div>
            {children.length > 0 ? <Tree items={children} /> : null}
          </li>
        );
      })}
    </ul>
  );
}
