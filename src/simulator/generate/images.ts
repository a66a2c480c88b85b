import type { Making } from '../generate.ts';
import { timeAt } from './dice.ts';
import { dayIn, precision, writeCustomFields } from './people.ts';
import { hard, manners, scenery, weather } from './words.ts';

/** How many images lie in one gallery's folder or zip. */
const perGallery = 50;

/** A third from folders, a third from zips, the rest made by hand; whose images come by `writeImages`. */
export function writeGalleries(making: Making): void {
  const { rows, dice, disk, plan } = making;
  for (let id = 1; id <= plan.galleries; id += 1) {
    const [year, month] = [id % 6 === 2, id % 6 === 3];
    const folder = id % 3 === 1 ? disk.inside(disk.folder('pictures'), `walk ${id}`) : null;
    rows.insert('galleries', {
      id,
      folder_id: folder,
      title: id <= hard.length ? hard[id - 1] : `${dice.pick(manners)} ${dice.pick(scenery)} ${id}`,
      code: id % 2 ? `G${id}` : null,
      date: id % 4 ? dayIn(making, 9000 + id, year, month) : null,
      date_precision: precision(id % 4 === 0, year, month),
      details: id % 3 ? `In ${dice.pick(weather)}.` : null,
      photographer: id % 2 ? dice.pick(hard) : null,
      rating: id % 3 ? dice.below(101) : null,
      studio_id: id % 2 ? 1 + dice.below(plan.studios) : null,
      organized: id % 2 === 1,
      created_at: timeAt(400 + id),
      updated_at: timeAt(800 + id * 2),
    });
    rows.insert('gallery_urls', {
      gallery_id: id,
      position: 0,
      url: `https://gallery.example/${id}`,
    });
    for (const tag_id of dice.some(3, plan.tags)) {
      rows.insert('galleries_tags', { gallery_id: id, tag_id });
    }
    for (const performer_id of dice.some(2, plan.performers)) {
      rows.insert('performers_galleries', { performer_id, gallery_id: id });
    }
    for (let n = 1; n <= id % 4; n += 1) {
      const at = timeAt(900 + id);
      rows.insert('galleries_chapters', {
        title: n === 2 ? hard[id % hard.length] : `Chapter é ${n}`,
        image_index: n === 3 ? 1 : n,
        gallery_id: id,
        created_at: at,
        updated_at: at,
      });
    }
    writeCustomFields(making, 'gallery_custom_fields', 'gallery_id', id);
  }
}

export function writeImages(making: Making): void {
  const { rows, dice, plan } = making;
  const places = new Map<number, Place>();
  for (let id = 1; id <= plan.images; id += 1) {
    const gallery = galleryOf(making, id);
    const [year, month] = [id % 40 === 3, id % 40 === 4];
    const dated = id % 3 === 0 || year || month;
    rows.insert('images', {
      id,
      title: id % 2 ? null : id % 20 === 8 ? dice.pick(hard) : `${dice.pick(birds)} ${id}`,
      code: id % 5 ? null : `I${id}`,
      rating: id % 4 ? null : dice.below(101),
      studio_id: id % 3 ? null : 1 + dice.below(plan.studios),
      o_counter: id % 12 === 5 ? 1 + dice.below(4) : 0,
      organized: id % 2 === 1,
      date: dated ? dayIn(making, 9500 + (id % 3000), year, month) : null,
      date_precision: precision(!dated, year, month),
      photographer: id % 6 ? null : dice.pick(hard),
      details: id % 4 === 1 ? `${dice.pick(scenery)} in ${dice.pick(weather)}` : null,
      created_at: timeAt(3000 + id),
      updated_at: timeAt(6000 + id * 2),
    });
    if (id % 5 === 0) {
      rows.insert('image_urls', { image_id: id, position: 0, url: `https://image.example/${id}` });
    }
    for (const tag_id of dice.some(2 + (id % 2), plan.tags)) {
      rows.insert('images_tags', { image_id: id, tag_id });
    }
    for (const performer_id of dice.chance(0.3) ? dice.some(1, plan.performers) : []) {
      rows.insert('performers_images', { performer_id, image_id: id });
    }
    writeImageFiles(making, id, gallery, places);
    if (gallery) {
      rows.insert('galleries_images', { gallery_id: gallery, image_id: id, cover: id % 150 === 7 });
    }
    // Some images are in a gallery of someone's own making, too; the last one has nothing else.
    if (id % 25 === 1 && plan.galleries !== gallery) {
      rows.insert('galleries_images', { gallery_id: plan.galleries, image_id: id, cover: false });
    }
    writeCustomFields(making, 'image_custom_fields', 'image_id', id);
  }
}

const birds = ['heron at dusk', 'two terns', 'curlew, calling', 'a raft of eiders'];

/** Every second image lies in a gallery's folder or zip, as long as there are such. */
function galleryOf({ plan }: Making, id: number): number | null {
  const gallery = 1 + Math.floor(id / perGallery);
  return id % 2 === 1 && gallery < plan.galleries ? gallery : null;
}

interface Place {
  folder: number;
  zip: number | null;
}

function writeImageFiles(
  making: Making,
  id: number,
  gallery: number | null,
  places: Map<number, Place>,
): void {
  const { rows, dice, disk } = making;
  const key = gallery ?? -Math.floor(id / 1000) - 1;
  let place = places.get(key);
  if (!place) {
    place = newPlace(making, gallery, key);
    places.set(key, place);
  }
  const size = 50_000 + dice.below(9_000_000);
  const moving = id % 60 === 10;
  const file = moving
    ? disk.video({ ...place, basename: `image ${id}.gif`, size }, dice, { format: 'gif' })
    : disk.image({ ...place, basename: `image ${id}.jpg`, size }, dice);
  rows.insert('images_files', { image_id: id, file_id: file, primary: true });
  if (id % 70 === 11) {
    const folder = disk.folder('copies');
    const copy = disk.image({ folder, basename: `image ${id}-copy.jpg`, size }, dice);
    rows.insert('images_files', { image_id: id, file_id: copy, primary: false });
  }
}

/** A folder; or a folder in a zip, which is the gallery's only file. */
function newPlace({ rows, dice, disk }: Making, gallery: number | null, key: number): Place {
  if (!gallery || gallery % 3 !== 2) {
    return { folder: disk.inside(disk.folder('pictures'), `walk ${key}`), zip: null };
  }
  const folder = disk.folder('zipped');
  const basename = `zipped gallery ${gallery}.zip`;
  const zip = disk.zip({ folder, basename, size: 9_000_000 }, dice);
  rows.insert('galleries_files', { gallery_id: gallery, file_id: zip, primary: true });
  return { folder: disk.inside(folder, basename, zip), zip };
}
