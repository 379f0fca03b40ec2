import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import '@fontsource-variable/inter/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/view.css';
import './styles/table.css';
import './styles/map.css';
import { App } from './app';
import { tellCutText } from './lib/cut';
import { applyTheme } from './lib/theme';

applyTheme();
tellCutText(document);
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
