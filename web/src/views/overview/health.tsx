import { serviceName } from '../../lib/errors';
import { formatCount, formatWord, nameOf } from '../../lib/format';
import { kindTitle, pathOf } from '../../lib/kinds';
import { toneOf } from '../../lib/status';
import { Icon } from '../../ui/icon';
import { Go } from '../../ui/link';
import { Status } from '../../ui/status';
import { Missing } from '../../ui/trouble';
import { Card } from '../../ui/view';
import type { Cloud } from './query';

/** `api_block_storage` as `API of block storage`. */
function checkTitle(name: string): string {
  if (name.startsWith('api_')) {
    const service = name.slice(4).replace('_', '-');
    return `API: ${serviceName(service)}`;
  }
  return formatWord(name).replace(/^Vcpu\b/, 'vCPU');
}

function Dial({ score, status }: { score: number | null; status: string }) {
  const part = score === null ? 0 : score / 100;
  // Half a circle of radius 60.
  const length = Math.PI * 60;
  return (
    <svg
      className={`dial tone-${toneOf(status)}`}
      viewBox="0 0 148 88"
      role="img"
      aria-label={score === null ? 'Score unknown' : `Score ${score} of 100`}
    >
      <path d="M14 78a60 60 0 0 1 120 0" />
      {score === null ? null : (
        <path
          className="dial-value"
          d="M14 78a60 60 0 0 1 120 0"
          strokeDasharray={`${part * length} ${length}`}
        />
      )}
      <text x="74" y="74">
        {score ?? '–'}
      </text>
    </svg>
  );
}

export function HealthCard({ health }: { health: Cloud['health'] }) {
  if (!health) {
    return (
      <Card title="Health" className="span-12">
        <Missing what="Health" />
      </Card>
    );
  }
  const open = health.checks.filter((check) => check.outcome !== 'PASS');
  const passed = health.checks.filter((check) => check.outcome === 'PASS');
  return (
    <Card title="Health" className="span-12" aside={`${health.checks.length} checks`}>
      <div className="hero">
        <div className="score">
          <Dial score={health.score} status={health.status} />
          <Status status={health.status} />
          <p
            className="muted"
            title="The weight of what could be checked; what could not is never counted as passed"
          >
            {health.confidence} % could be checked
          </p>
        </div>
        <div>
          <ul className="checks" aria-label="Checks that did not pass">
            {open.length === 0 ? <li className="empty">Every check passed.</li> : null}
            {open.map((check) => (
              <li key={check.name}>
                {check.resources.length > 0 ? (
                  <details>
                    <summary>
                      <Status status={check.outcome} />
                      <strong>{checkTitle(check.name)}</strong>
                      <span className="seen">{check.seen}</span>
                      <span className="muted more">
                        {formatCount(check.resourceCount)}
                        <Icon name="chevron" />
                      </span>
                    </summary>
                    <ul className="resources">
                      {check.resources.map((resource, index) => (
                        <li key={index} title={resource.detail ?? undefined}>
                          <Concerned resource={resource} />{' '}
                          <span className="muted">{resource.detail}</span>
                        </li>
                      ))}
                      {(check.resourceCount ?? 0) > check.resources.length ? (
                        <li className="muted">
                          and {(check.resourceCount ?? 0) - check.resources.length} more
                        </li>
                      ) : null}
                    </ul>
                  </details>
                ) : (
                  <div className="check-line">
                    <Status status={check.outcome} />
                    <strong>{checkTitle(check.name)}</strong>
                    <span className="seen">{check.seen}</span>
                  </div>
                )}
              </li>
            ))}
          </ul>
          {passed.length > 0 ? (
            <details className="passed">
              <summary>{passed.length} checks passed</summary>
              <ul>
                {passed.map((check) => (
                  <li key={check.name}>
                    <Status status="PASS" /> {checkTitle(check.name)}: {check.seen}
                  </li>
                ))}
              </ul>
            </details>
          ) : null}
        </div>
      </div>
    </Card>
  );
}

function Concerned({
  resource,
}: {
  resource: { kind: string; id: string | null; name: string | null };
}) {
  const path = pathOf(resource.kind, resource.id);
  const label = nameOf(resource);
  return path ? <Go to={path}>{label}</Go> : <span title={kindTitle(resource.kind)}>{label}</span>;
}
