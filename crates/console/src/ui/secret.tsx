import { t } from '../i18n';
import { Dialog } from './dialog';
import { Button, Copy } from './parts';

/** Shows a secret that the server tells once. It is kept nowhere; closing the dialog forgets it. */
export const SecretDialog = ({ title, lead, secret, onClose }: { title: string; lead: string; secret: string; onClose: () => void }) => (
  <Dialog title={title} onClose={onClose}>
    <p class="notice warn">{lead}</p>
    <p class="secret"><code>{secret}</code> <Copy text={secret} /></p>
    <div class="dialog-foot"><Button kind="primary" onClick={onClose}>{t().common.close}</Button></div>
  </Dialog>
);
