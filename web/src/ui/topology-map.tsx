import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  applyNodeChanges,
  useReactFlow,
} from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useEffect, useMemo, useRef, useState } from 'react';

import { nameOf } from '../lib/format';
import { useIsNarrow } from '../lib/media';
import { type Part, type Topology, place } from '../lib/topology';
import { Icon } from './icon';
import { Thing } from './link';
import { Status } from './status';

type Drawn = Node<{ part: Part; open: (networkId: string) => void; isNarrow: boolean }, 'part'>;

/** How it is fitted in: on a phone it stays large enough to be read, and is moved to see the rest. */
const fitting = (isNarrow: boolean) => ({
  padding: 0.08,
  maxZoom: 1,
  minZoom: isNarrow ? 0.6 : 0.1,
});

const NODE_TYPES = { part: PartNode };

export function TopologyMap(props: { topology: Topology; open: (networkId: string) => void }) {
  return (
    <ReactFlowProvider>
      <Inside {...props} />
    </ReactFlowProvider>
  );
}

function Inside({ topology, open }: { topology: Topology; open: (networkId: string) => void }) {
  const { fitView } = useReactFlow();
  const isNarrow = useIsNarrow();
  // What was dragged stays where it was put, until other things are drawn.
  const shape = useMemo(
    () =>
      topology.nodes.map((node) => node.id).join() +
      topology.edges.map((edge) => edge.id).join() +
      String(isNarrow),
    [topology, isNarrow],
  );
  const [nodes, setNodes] = useState<Drawn[]>([]);
  const shown = useRef('');

  useEffect(() => {
    const isNew = shown.current !== shape;
    shown.current = shape;
    const places = isNew ? place(topology, isNarrow) : null;
    setNodes((before) => {
      const positions = new Map(before.map((node) => [node.id, node.position]));
      return topology.nodes.map((node) => ({
        id: node.id,
        type: 'part' as const,
        position: places?.get(node.id) ?? positions.get(node.id) ?? { x: 0, y: 0 },
        data: { part: node.part, open, isNarrow },
        width: node.width,
        height: node.height,
      }));
    });
    if (isNew) requestAnimationFrame(() => void fitView(fitting(isNarrow)));
  }, [topology, shape, open, isNarrow, fitView]);

  const edges = useMemo<Edge[]>(
    () =>
      topology.edges.map((edge) => ({
        id: edge.id,
        source: edge.source,
        target: edge.target,
        className: edge.isFloating ? 'edge-floating' : '',
        focusable: false,
      })),
    [topology],
  );

  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      onNodesChange={(changes) => setNodes((before) => applyNodeChanges(changes, before))}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      minZoom={0.1}
      maxZoom={1.6}
      fitView
      fitViewOptions={fitting(isNarrow)}
      onlyRenderVisibleElements
    >
      <Background variant={BackgroundVariant.Dots} gap={22} size={1} />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}

function PartNode({ data }: NodeProps<Drawn>) {
  return (
    <div className={`part part-${data.part.kind}`}>
      <Handle
        type="target"
        position={data.isNarrow ? Position.Top : Position.Left}
        isConnectable={false}
      />
      <PartBody part={data.part} open={data.open} />
      <Handle
        type="source"
        position={data.isNarrow ? Position.Bottom : Position.Right}
        isConnectable={false}
      />
    </div>
  );
}

function PartBody({ part, open }: { part: Part; open: (networkId: string) => void }) {
  switch (part.kind) {
    case 'network':
      return (
        <>
          <div className="part-head">
            <Icon name={part.network.isExternal ? 'cloud' : 'network'} />
            <Thing kind="Network" thing={part.network} />
          </div>
          <div className="part-line">
            <Status status={part.network.status} />
            <span className="muted">
              {part.network.isExternal ? 'external' : part.network.isShared ? 'shared' : ''}
            </span>
          </div>
          {(part.network.subnets?.nodes ?? []).slice(0, 3).map((subnet) => (
            <div key={subnet.id} className="part-subnet">
              <Thing kind="Subnet" thing={{ id: subnet.id, name: subnet.cidr ?? subnet.name }} />
            </div>
          ))}
        </>
      );
    case 'router':
      return (
        <>
          <div className="part-head">
            <Icon name="hypervisors" />
            <Thing kind="Router" thing={part.router} />
          </div>
          <div className="part-line">
            <Status status={part.router.status} />
            <span className="muted">router</span>
          </div>
        </>
      );
    case 'server':
      return (
        <>
          <div className="part-head">
            <Icon name="servers" />
            <Thing kind="Server" thing={part.server} id={part.id} />
          </div>
          <div className="part-line">
            <Status status={part.server?.status ?? 'UNKNOWN'} />
            <span className="muted">{part.addresses[0]}</span>
          </div>
        </>
      );
    case 'servers':
      return (
        <button
          type="button"
          className="part-open nodrag"
          onClick={() => open(part.networkId)}
          title="Show each of them"
        >
          <span className="part-head">
            <Icon name="servers" />
            <strong>{part.count} servers</strong>
          </span>
          <span className="part-line">
            {part.bad > 0 ? <Status status="ERROR" detail={String(part.bad)} tone="bad" /> : null}
            <span className="muted">show</span>
          </span>
        </button>
      );
    case 'floatingIp':
      return (
        <div className="part-head">
          <Thing
            kind="FloatingIp"
            thing={{
              id: part.floatingIp.id,
              name: nameOf({ id: part.floatingIp.id, name: part.floatingIp.floatingIpAddress }),
            }}
          />
        </div>
      );
  }
}
