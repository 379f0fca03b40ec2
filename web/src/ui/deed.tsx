import { useEffect, useRef, useState } from 'react';

import { client } from '../graphql/client';
import type { ResultOf } from '../graphql/graphql';
import { troublesOf } from '../lib/errors';
import { formatWord, nameOf } from '../lib/format';
import { kindTitle } from '../lib/kinds';
import type { Action } from '../lib/lifecycle';
import { useCloudName } from '../lib/url-state';
import { Loading } from './trouble';

type Outcome = ResultOf<Action['document']>['result'];

interface State {
  dryRun: NonNullable<Outcome>['dryRun'] | null;
  outcome: Outcome;
  problems: string[];
  isBusy: boolean;
}

/** Shows what an action would do and what hangs on it, before anything is sent. */
export function DeedDialog({
  action,
  server,
  onClose,
  onDone,
}: {
  action: Action;
  server: { id: string; name: string | null };
  onClose: () => void;
  /** Something was sent, however it went. */
  onDone: () => void;
}) {
  const cloud = useCloudName();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [state, setState] = useState<State>({
    dryRun: null,
    outcome: null,
    problems: [],
    isBusy: true,
  });
  const name = nameOf(server);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const ask = async (dryRun: boolean): Promise<{ outcome: Outcome; problems: string[] }> => {
    const result = await client
      .mutation(action.document, { server: server.id, cloud, dryRun })
      .toPromise();
    const outcome = result.data?.result ?? null;
    const problems = [
      ...troublesOf(result.error).map((trouble) => trouble.message),
      ...(outcome?.userErrors ?? []).map((error) =>
        error.requestId ? `${error.message} (request ${error.requestId})` : error.message,
      ),
    ];
    return { outcome, problems };
  };

  useEffect(() => {
    let isGone = false;
    void ask(true).then(({ outcome, problems }) => {
      if (!isGone) {
        setState({ dryRun: outcome?.dryRun ?? null, outcome: null, problems, isBusy: false });
      }
    });
    return () => {
      isGone = true;
    };
    // Asked once, when the dialog opens.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const carryOut = async () => {
    setState((before) => ({ ...before, problems: [], isBusy: true }));
    const { outcome, problems } = await ask(false);
    setState((before) => ({ ...before, outcome, problems, isBusy: false }));
    onDone();
    if (problems.length === 0) dialog.current?.close();
  };

  const { dryRun, problems, isBusy } = state;
  const isReady = dryRun !== null && (!action.isDestructive || typed === name);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="deed-title">
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isBusy) void carryOut();
        }}
      >
        <h2 id="deed-title">
          {action.title} “{name}”
        </h2>
        {isBusy && !dryRun ? <Loading lines={3} /> : null}
        {dryRun ? (
          <>
            <p>{dryRun.would}</p>
            {dryRun.affects.length > 0 ? (
              <ul className="affects" aria-label="What hangs on it" tabIndex={0}>
                {dryRun.affects.map((each, index) => (
                  <li key={index}>
                    <span className="tag">{kindTitle(each.kind)}</span>{' '}
                    <strong>{nameOf(each)}</strong> {each.effect}
                  </li>
                ))}
              </ul>
            ) : (
              <p className="muted">Nothing else hangs on it.</p>
            )}
            {action.isDestructive ? (
              <label>
                <span>
                  It cannot be undone. Type <code>{name}</code> to go on.
                </span>
                <input
                  value={typed}
                  autoComplete="off"
                  spellCheck={false}
                  onChange={(event) => setTyped(event.target.value)}
                />
              </label>
            ) : null}
          </>
        ) : null}
        {problems.length > 0 ? (
          <ul role="alert">
            {problems.map((problem, index) => (
              <li key={index}>
                <p className="tone-bad">{problem}</p>
              </li>
            ))}
          </ul>
        ) : null}
        <footer>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {state.outcome && problems.length === 0 ? 'Close' : 'Cancel'}
          </button>
          <button
            type="submit"
            className={`button is-primary ${action.isDestructive ? 'is-danger' : ''}`}
            disabled={!isReady || isBusy}
          >
            {isBusy && dryRun ? 'Sending…' : formatWord(action.title)}
          </button>
        </footer>
      </form>
    </dialog>
  );
}
