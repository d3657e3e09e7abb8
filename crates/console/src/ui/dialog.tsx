import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { LostAnswer, ProblemError, type Answer } from '../api/client';
import { sendWrite, type Write } from '../api/write';
import { t } from '../i18n';
import { Icon } from './icons';
import { Button, errorText } from './parts';
import { say } from './toasts';

interface DialogProps {
  title: string;
  onClose: () => void;
  /** Escape and the close button do nothing. */
  locked?: boolean;
  wide?: boolean;
  children: ComponentChildren;
}

/** Where the focus was before a dialog that another one replaces in the same rendering. */
let replacedOpener: HTMLElement | null = null;

/** A modal dialog of the browser: it keeps the focus inside, and gives it back. */
export function Dialog({ title, onClose, locked = false, wide = false, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  // In the same turn as the rendering: an Escape between the two would find no open dialog.
  useLayoutEffect(() => {
    const active = document.activeElement;
    const opener = active instanceof HTMLElement && active !== document.body ? active : replacedOpener;
    ref.current?.showModal();
    return () => {
      replacedOpener = opener;
      // After the rendering that removes the dialog, and before anything else: keys that are pressed at once reach the
      // button. It may be gone with what it did.
      queueMicrotask(() => {
        replacedOpener = null;
        const target = opener?.isConnected ? opener : document.querySelector<HTMLElement>('main h1');
        if (document.querySelector('dialog[open]') === null) target?.focus();
      });
    };
  }, []);
  return (
    <dialog ref={ref} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); if (!locked) onClose(); }}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="icon-button" aria-label={t().common.close} disabled={locked} onClick={onClose}><Icon name="close" /></button>
      </div>
      {children}
    </dialog>
  );
}

type Stage =
  | { at: 'editing'; error: unknown }
  | { at: 'sending'; repeats: number }
  /** No answer: the same write is kept, and may be sent again. */
  | { at: 'lost' };

interface WriteDialogProps<T> {
  title: string;
  submit: string;
  danger?: boolean;
  wide?: boolean;
  ready?: boolean;
  /** What to send. It is asked once for each decision; repetitions send the same value. */
  write: () => Write;
  onDone: (answer: Answer<T>) => void;
  onClose: () => void;
  /** What to show when what the operator saw has changed (412). */
  stale?: () => ComponentChildren;
  done?: string;
  children?: ComponentChildren;
}

/** A form that ends in one write. A second click, a lost answer or a second tab never does it twice. */
export function WriteDialog<T>(props: WriteDialogProps<T>) {
  const { title, submit, danger = false, wide = false, ready = true, onClose } = props;
  const [stage, setStage] = useState<Stage>({ at: 'editing', error: null });
  const pending = useRef<Write | null>(null);
  // Not the state, which the next rendering sees only: a double click comes before that.
  const busy = useRef(false);

  const send = async (): Promise<void> => {
    if (busy.current || !ready) return;
    busy.current = true;
    pending.current ??= props.write();
    setStage({ at: 'sending', repeats: 0 });
    try {
      const answer = await sendWrite<T>(pending.current, () => setStage((old) => ({ at: 'sending', repeats: old.at === 'sending' ? old.repeats + 1 : 1 })));
      say(answer.replayed ? t().write.replayed : props.done ?? t().common.done);
      props.onDone(answer);
    } catch (error) {
      if (error instanceof LostAnswer) setStage({ at: 'lost' });
      else {
        // A refusal has done nothing: the operator may decide again.
        pending.current = null;
        setStage({ at: 'editing', error });
      }
    } finally {
      busy.current = false;
    }
  };
  const stale = stage.at === 'editing' && stage.error instanceof ProblemError && stage.error.problem.status === 412;
  const sending = stage.at === 'sending';
  return (
    <Dialog title={title} onClose={onClose} locked={sending} wide={wide}>
      <form onSubmit={(event) => { event.preventDefault(); void send(); }}>
        {stale
          ? <div class="notice warn" role="alert"><p>{t().write.stale}</p>{props.stale?.()}</div>
          : <fieldset disabled={stage.at !== 'editing'}>{props.children}</fieldset>}
        <div aria-live="polite">
          {stage.at === 'sending' && stage.repeats > 0 && <p class="notice">{t().write.repeating}</p>}
          {stage.at === 'lost' && <p class="notice warn">{t().write.lost}</p>}
        </div>
        {stage.at === 'editing' && !stale && stage.error !== null && <Refusal error={stage.error} />}
        <div class="dialog-foot">
          <Button kind="quiet" disabled={sending} onClick={onClose}>{stale ? t().common.close : t().common.cancel}</Button>
          {!stale && (
            <Button type="submit" kind={danger ? 'danger' : 'primary'} disabled={!ready || sending} aria-busy={sending}>
              {sending ? t().write.sending : stage.at === 'lost' ? t().common.retry : submit}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

/** Why the server refused a write: its own words, each fault, and the id under which the log has it. */
export function Refusal({ error }: { error: unknown }) {
  const problem = error instanceof ProblemError ? error.problem : null;
  const reused = error instanceof ProblemError && error.slug === 'idempotency-key-reused';
  return (
    <div class="notice bad" role="alert">
      <p>{reused ? t().write.reused : errorText(error)}</p>
      {problem?.errors && problem.errors.length > 0 && (
        <ul>{problem.errors.map((it, index) => <li key={index}>{it.pointer ? <code>{it.pointer}</code> : null} {it.detail}</li>)}</ul>
      )}
      {problem?.instance && <p class="hint">{t().write.requestId} <code>{problem.instance}</code></p>}
    </div>
  );
}
