import { createRoot } from 'react-dom/client';

import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/shell.css';
import '../styles/view.css';
import { applyTheme } from '../lib/theme';
import { GraphiqlApp } from './app';

applyTheme();
const root = document.getElementById('root');
if (root) createRoot(root).render(<GraphiqlApp />);
