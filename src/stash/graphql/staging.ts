import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Id } from '../../model/fields.ts';
import type { Answers, FileAnswer, SceneFileFacts } from '../mapper.ts';

const batchSize = 500;

/**
 * What GraphQL serves inside of other records, put aside until its own kind is asked for: which images a gallery has,
 * chapters, files. In a temporary file, so that memory does not grow with the library.
 */
export class Staging {
  // An unnamed database: SQLite keeps it on disk, and no one has to remove it.
  readonly #db = new DatabaseSync('');
  readonly #putImage: StatementSync;
  readonly #putChapter: StatementSync;
  readonly #putFile: StatementSync;
  readonly #putFacts: StatementSync;

  constructor() {
    this.#db.exec(`
      pragma journal_mode = off;
      pragma synchronous = off;
      create table gallery_images (gallery integer, image integer, primary key (gallery, image)) without rowid;
      create table chapters (id integer primary key, answer text);
      create table files (id integer primary key, answer text);
      create table scene_facts (file integer primary key, facts text);
    `);
    const put = (table: string) =>
      this.#db.prepare(`insert or replace into ${table} values (?, ?)`);
    this.#putImage = put('gallery_images');
    this.#putChapter = put('chapters');
    this.#putFile = put('files');
    this.#putFacts = put('scene_facts');
  }

  images(answers: Answers['image'][]): void {
    this.#together(() => {
      for (const { id, galleries, visual_files } of answers) {
        for (const gallery of galleries ?? []) this.#putImage.run(Number(gallery.id), Number(id));
        this.#files(visual_files);
      }
    });
  }

  galleries(answers: Pick<Answers['gallery'], 'id' | 'chapters' | 'files'>[]): void {
    this.#together(() => {
      for (const { id, chapters, files } of answers) {
        for (const chapter of chapters ?? []) {
          const answer: Answers['chapter'] = { ...chapter, gallery: Number(id) };
          this.#putChapter.run(Number(chapter.id), JSON.stringify(answer));
        }
        this.#files(files?.map((file) => ({ __typename: 'GalleryFile', ...file })));
      }
    });
  }

  scenes(answers: Answers['scene'][]): void {
    this.#together(() => {
      for (const { files, interactive, interactive_speed, captions } of answers) {
        this.#files(files?.map((file) => ({ __typename: 'VideoFile', ...file })));
        const [primary] = files ?? [];
        const facts: SceneFileFacts = { interactive, interactive_speed, captions };
        if (primary) this.#putFacts.run(Number(primary.id), JSON.stringify(facts));
      }
    });
  }

  #files(files: FileAnswer[] | undefined): void {
    for (const file of files ?? []) {
      if (file.path !== undefined) this.#putFile.run(Number(file.id), JSON.stringify(file));
    }
  }

  imagesOf(galleries: Id[]): Map<Id, Id[]> {
    const found = new Map<Id, Id[]>(galleries.map((id) => [id, []]));
    const rows = this.#db
      .prepare(
        'select gallery, image from gallery_images where gallery in (select value from json_each(?)) order by gallery, image',
      )
      .iterate(JSON.stringify(galleries));
    for (const { gallery, image } of rows) found.get(gallery as Id)?.push(image as Id);
    return found;
  }

  sceneFactsOf(files: Id[]): Map<Id, SceneFileFacts> {
    const rows = this.#db
      .prepare('select file, facts from scene_facts where file in (select value from json_each(?))')
      .all(JSON.stringify(files));
    return new Map(rows.map(({ file, facts }) => [file as Id, JSON.parse(facts as string)]));
  }

  count(table: 'chapters' | 'files'): number {
    return Number(this.#db.prepare(`select count(*) n from ${table}`).get()?.n);
  }

  /** All that was put aside, ascending by id. */
  *all<T>(table: 'chapters' | 'files'): Generator<T[]> {
    const next = this.#db.prepare(
      `select id, answer from ${table} where id > ? order by id limit ${batchSize}`,
    );
    for (let last = 0; ; ) {
      const rows = next.all(last);
      if (rows.length === 0) return;
      last = Number(rows.at(-1)?.id);
      yield rows.map(({ answer }) => JSON.parse(answer as string));
    }
  }

  close(): void {
    this.#db.close();
  }

  #together(work: () => void): void {
    this.#db.exec('begin');
    work();
    this.#db.exec('commit');
  }
}
