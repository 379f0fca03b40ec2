// Lists of all projects narrowed to one of them.

import { graphql, type ResultOf } from '../../graphql/graphql';
import { useParameter } from '../../lib/url-state';
import { Choose, thingChoices } from '../../ui/filters';

/** What can be chosen: asked for with the first page alone. */
export const PROJECT_OPTIONS = graphql(`
  fragment ProjectOptions on Cloud {
    projects(first: 1000, orderBy: { field: NAME }) {
      nodes {
        id
        name
      }
    }
  }
`);

export const WITH_OPTIONS = { withOptions: true };

/** The project that the URL asks for, as a part of a filter. */
export function useProjectFilter(): { project?: string } {
  const [project] = useParameter('project');
  return project ? { project } : {};
}

/** `of` is the cloud, which has the choices when it was asked for them. */
export function ChooseProject({ of }: { of: object | null | undefined }) {
  const { projects } = { projects: null, ...(of as Partial<ResultOf<typeof PROJECT_OPTIONS>>) };
  return <Choose parameter="project" label="Project" choices={thingChoices(projects?.nodes)} />;
}
