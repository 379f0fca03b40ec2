import { graphql } from '../../graphql/graphql';
import { formatBytes, formatGib, formatMib, nameOf } from '../../lib/format';
import { useLive } from '../../lib/live';
import { useCloudName } from '../../lib/url-state';
import { Troubles } from '../../ui/trouble';

const CHOICES = graphql(`
  query DeedChoices($cloud: String, $withFlavors: Boolean!, $withImages: Boolean!) {
    cloud(name: $cloud) {
      flavors(first: 1000, orderBy: { field: RAM }) @include(if: $withFlavors) {
        nodes {
          id
          name
          vcpus
          ramMib
          diskGib
        }
      }
      images(first: 1000, filter: { status: ACTIVE }, orderBy: { field: NAME })
        @include(if: $withImages) {
        nodes {
          id
          name
          sizeBytes
        }
      }
    }
  }
`);

/** The flavors or images that an action can be told to use. */
export function DeedChoice({
  chooses,
  current,
  value,
  onChoose,
}: {
  chooses: 'flavor' | 'image';
  /** The name of the flavor, or the id of the image, that it has. */
  current: string | null;
  value: string;
  onChoose: (id: string) => void;
}) {
  const cloud = useCloudName();
  const { data, error, isFetching } = useLive(
    CHOICES,
    { cloud, withFlavors: chooses === 'flavor', withImages: chooses === 'image' },
    { isOnce: true },
  );
  const flavors = (data?.cloud?.flavors?.nodes ?? []).map((flavor) => ({
    id: flavor.id,
    label: `${flavor.name}: ${flavor.vcpus} vCPU, ${formatMib(flavor.ramMib)}, ${
      flavor.diskGib === 0 ? 'disk as the image' : `${formatGib(flavor.diskGib)} disk`
    }`,
    isCurrent: flavor.name === current,
  }));
  const images = (data?.cloud?.images?.nodes ?? []).map((image) => ({
    id: image.id,
    label: `${nameOf(image)}: ${formatBytes(image.sizeBytes)}`,
    isCurrent: image.id === current,
  }));
  const choices = chooses === 'flavor' ? flavors : images;
  return (
    <>
      <label>
        <span>{chooses === 'flavor' ? 'To the flavor' : 'From the image'}</span>
        <select value={value} onChange={(event) => onChoose(event.target.value)}>
          <option value="" disabled>
            {isFetching ? 'Asking for them…' : `Choose a ${chooses}`}
          </option>
          {choices.map((choice) => (
            <option
              key={choice.id}
              value={choice.id}
              // A server cannot be resized to what it is.
              disabled={chooses === 'flavor' && choice.isCurrent}
            >
              {choice.label}
              {choice.isCurrent ? ' (as it is)' : ''}
            </option>
          ))}
        </select>
      </label>
      <Troubles error={error} />
    </>
  );
}
