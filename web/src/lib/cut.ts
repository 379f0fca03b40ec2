// Text that does not fit is told in full on hover.

/** What ends in an ellipsis when it is too long, and has no title of its own. */
const CUT = '.table-scroll tbody :is(td, th), .part-head > a, .request-id';

export function tellCutText(root: Document) {
  root.addEventListener('mouseover', ({ target }) => {
    const cut = target instanceof Element ? target.closest<HTMLElement>(CUT) : null;
    if (!cut) return;
    if (cut.scrollWidth > cut.clientWidth) cut.title = cut.innerText;
    else cut.removeAttribute('title');
  });
}
