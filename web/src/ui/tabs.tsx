import { Go } from './link';

export function Tabs({
  label,
  tabs,
}: {
  label: string;
  tabs: { title: string; to: string; isHere: boolean }[];
}) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Go key={tab.to} to={tab.to} isHere={tab.isHere}>
          {tab.title}
        </Go>
      ))}
    </nav>
  );
}
