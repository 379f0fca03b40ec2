import type { CombinedError } from 'urql';

import { failedServices, serviceName, troublesOf } from '../lib/errors';

/** What is missing from a view, and why. The rest of the view stays. */
export function Troubles({ error }: { error: CombinedError | undefined }) {
  const troubles = troublesOf(error);
  if (troubles.length === 0) return null;
  const refused = troubles.filter((trouble) => trouble.code === 'FORBIDDEN');
  const failed = failedServices(troubles.filter((trouble) => trouble.code !== 'FORBIDDEN'));
  const isRefusal = refused.length === troubles.length;
  const title = isRefusal
    ? `This credential may not see: ${[...new Set(refused.flatMap((trouble) => trouble.fields))].join(', ')}.`
    : failed.length > 0
      ? `${failed.map(serviceName).join(', ')} did not answer in full; what others say is shown.`
      : (troubles[0]?.message ?? '');
  return (
    <section
      className={`trouble ${isRefusal ? 'is-refusal' : ''}`}
      role="status"
      aria-label="What is missing"
    >
      <details>
        <summary>
          <span className="trouble-mark" aria-hidden="true">
            !
          </span>
          <strong>{title}</strong>
          {isRefusal || failed.length > 0 ? <span className="muted">Why?</span> : null}
        </summary>
        <ul>
          {troubles.map((trouble, index) => (
            <li key={index}>
              <code>{trouble.code}</code> {trouble.message}
              {trouble.fields.length > 0 ? (
                <span className="muted"> Missing: {trouble.fields.join(', ')}.</span>
              ) : null}
              {trouble.requestId ? (
                <span className="muted">
                  {' '}
                  Request <code>{trouble.requestId}</code>
                </span>
              ) : null}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

/** In place of a list that could not be had. */
export function Missing({ what }: { what: string }) {
  return <p className="empty">{what} could not be read. The notice above says why.</p>;
}

/** In place of a list with nothing in it. */
export function Empty({ children }: { children: React.ReactNode }) {
  return <p className="empty">{children}</p>;
}

/** While the first answer is awaited. */
export function Loading({ lines = 6 }: { lines?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}
