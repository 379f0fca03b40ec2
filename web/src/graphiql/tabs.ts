// GraphiQL marks each of its tabs as one, with a button to show it and a button to close it inside.
// A tab may hold nothing one can press: who listens to the page is told of neither button. So what
// it draws is marked here as what it is, a list of buttons, of which one is current.

const LIST = '[role="tablist"].graphiql-tabs';
const TAB = 'li.graphiql-tab';

function mark(tab: Element) {
  tab.setAttribute('role', 'listitem');
  const isCurrent = tab.getAttribute('aria-selected');
  if (isCurrent === null) return;
  tab.removeAttribute('aria-selected');
  tab.querySelector('.graphiql-tab-button')?.setAttribute('aria-current', isCurrent);
}

function markAll(root: Element) {
  for (const list of root.querySelectorAll(LIST)) list.setAttribute('role', 'list');
  for (const tab of root.querySelectorAll(TAB)) {
    if (tab.hasAttribute('aria-selected')) mark(tab);
  }
}

/** Keeps the tabs below an element marked, until the function that it gives is called. */
export function markTabs(root: Element): () => void {
  markAll(root);
  const observer = new MutationObserver(() => markAll(root));
  observer.observe(root, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['aria-selected'],
  });
  return () => observer.disconnect();
}
