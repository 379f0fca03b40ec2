import { useEffect, useRef, useState } from 'react';

import { client } from '../../graphql/client';
import type { ResultOf } from '../../graphql/graphql';
import { troublesOf } from '../../lib/errors';
import { nameOf } from '../../lib/format';
import { kindTitle } from '../../lib/kinds';
import type { Action } from '../../lib/lifecycle';
import { useCloudName } from '../../lib/url-state';
import { Loading } from '../../ui/trouble';
import { DeedChoice } from './choice';

type Outcome = ResultOf<Action['document']>['result'];
type DryRun = NonNullable<NonNullable<Outcome>['dryRun']>;

interface State {
  dryRun: DryRun | null;
  problems: string[];
  isBusy: boolean;
}

/** Asks for the deed, or for what it would do. */
async function ask(
  action: Action,
  variables: { server: string; cloud: string | null; dryRun: boolean; choice: string },
): Promise<{ outcome: Outcome; problems: string[] }> {
  const { choice, ...common } = variables;
  const result = action.chooses
    ? await client.mutation(action.document, { ...common, choice }).toPromise()
    : await client.mutation(action.document, common).toPromise();
  const outcome = result.data?.result ?? null;
  const problems = [
    ...troublesOf(result.error).map((trouble) => trouble.message),
    ...(outcome?.userErrors ?? []).map((error) =>
      error.requestId ? `${error.message} (request ${error.requestId})` : error.message,
    ),
  ];
  return { outcome, problems };
}

/** Shows what an action would do and what hangs on it, before anything is sent. */
export function DeedDialog({
  action,
  server,
  onClose,
  onDone,
}: {
  action: Action;
  server: { id: string; name: string | null; flavorName: string | null; imageId: string | null };
  onClose: () => void;
  /** Something was sent, however it went. */
  onDone: () => void;
}) {
  const cloud = useCloudName();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [choice, setChoice] = useState('');
  const isChosen = action.chooses === undefined || choice !== '';
  const [state, setState] = useState<State>({ dryRun: null, problems: [], isBusy: isChosen });
  const name = nameOf(server);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  // What it would do is asked for at once, and again for another choice.
  useEffect(() => {
    if (!isChosen) return;
    let isGone = false;
    void ask(action, { server: server.id, cloud, choice, dryRun: true }).then(
      ({ outcome, problems }) => {
        if (!isGone) setState({ dryRun: outcome?.dryRun ?? null, problems, isBusy: false });
      },
    );
    return () => {
      isGone = true;
    };
  }, [action, server.id, cloud, choice, isChosen]);

  const carryOut = async () => {
    setState((before) => ({ ...before, problems: [], isBusy: true }));
    const { problems } = await ask(action, { server: server.id, cloud, choice, dryRun: false });
    setState((before) => ({ ...before, problems, isBusy: false }));
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
        {action.chooses ? (
          <DeedChoice
            chooses={action.chooses}
            current={action.chooses === 'flavor' ? server.flavorName : server.imageId}
            value={choice}
            onChoose={(id) => {
              setChoice(id);
              setState({ dryRun: null, problems: [], isBusy: true });
            }}
          />
        ) : null}
        {isBusy && !dryRun ? <Loading lines={3} /> : null}
        {dryRun ? <WouldDo dryRun={dryRun} /> : null}
        {dryRun && action.isDestructive ? (
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
            Cancel
          </button>
          <button
            type="submit"
            className={`button is-primary ${action.isDestructive ? 'is-danger' : ''}`}
            disabled={!isReady || isBusy}
          >
            {isBusy && dryRun ? 'Sending…' : action.title}
          </button>
        </footer>
      </form>
    </dialog>
  );
}

function WouldDo({ dryRun }: { dryRun: DryRun }) {
  return (
    <>
      <p>{dryRun.would}</p>
      {dryRun.affects.length > 0 ? (
        <ul className="affects" aria-label="What hangs on it" tabIndex={0}>
          {dryRun.affects.map((each, index) => (
            <li key={index}>
              <span className="tag">{kindTitle(each.kind)}</span> <strong>{nameOf(each)}</strong>{' '}
              {each.effect}
            </li>
          ))}
        </ul>
      ) : (
        <p className="muted">Nothing else hangs on it.</p>
      )}
    </>
  );
}
