import { render } from 'preact';
import './styles/base.css';
import './styles/parts.css';
import './styles/screens.css';
import { App } from './app';
import { followLinks } from './lib/route';
import { applyTheme } from './lib/theme';
import { resumeSession } from './lib/start';

applyTheme();
followLinks();
resumeSession();
const root = document.getElementById('app');
if (root) render(<App />, root);
