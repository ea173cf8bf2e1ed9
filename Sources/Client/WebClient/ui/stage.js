// Everybody's pictures, as large as the window allows.
import { h, place } from "./dom.js";
import { Tile } from "./tile.js";

const GAP = 8;
const RATIO = 16 / 9;
/** Height for width of a shared screen that has the whole width. */
const SCREEN_RATIO = 0.66;
/** Smaller tiles show nothing; beyond it the page scrolls. */
const SMALLEST = 132;
/** How tall a tile may be for its width: pictures lose their sides to it; on a phone held upright that is worth it. */
const TALLEST = { landscape: 0.75, portrait: 1.25 };

export class Stage {
  element = h("section", { class: "stage", "aria-label": "Pictures" });
  /**
   * Told which pictures are shown how large.
   * @type {(views: {member: string, source: "camera" | "screen", lines: number}[]) => void}
   */
  onlayout = () => {};
  #screens = h("div", { class: "screens" });
  #grid = h("div", { class: "grid" });
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #observer;
  #vacancy;
  /** Tiles that the window does not show, or that have been scrolled away. */
  #unseen = new Set();
  #sight;

  /** @param {HTMLElement} vacancy stands beside the own picture while nobody else is here */
  constructor(vacancy) {
    this.#vacancy = vacancy;
    this.element.append(this.#screens, this.#grid);
    // In the next frame: a scroll bar that comes or goes with the layout is a change of size itself.
    this.#observer = new ResizeObserver(() => requestAnimationFrame(() => this.#layout()));
    this.#observer.observe(this.element);
    this.#sight = new IntersectionObserver((entries) => this.#seen(entries), { root: this.element });
  }

  close() {
    this.#observer.disconnect();
    this.#sight.disconnect();
    for (const tile of this.#tiles.values()) tile.close();
  }

  /** @param {import("../session/state.js").CallState} state */
  render({ people, phase }) {
    const wanted = new Map();
    for (const person of people) {
      if (person.media.screen) wanted.set(`${person.member} screen`, { person, source: "screen" });
      wanted.set(person.member, { person, source: "camera" });
    }
    for (const [key, tile] of this.#tiles) {
      if (wanted.has(key)) continue;
      tile.close();
      this.#sight.unobserve(tile.element);
      this.#unseen.delete(tile.element);
      this.#tiles.delete(key);
    }
    for (const [key, { person, source }] of wanted) {
      if (!this.#tiles.has(key)) {
        this.#tiles.set(key, new Tile(person, source));
        this.#sight.observe(this.#tiles.get(key).element);
      }
      this.#tiles.get(key).update(person);
    }
    const inOrder = [...wanted.keys()].map((key) => this.#tiles.get(key));
    const cameras = inOrder.filter(({ source }) => source === "camera");
    // The own picture last: it is the others one looks at.
    cameras.sort((a, b) => Number(a.isSelf) - Number(b.isSelf));
    place(this.#screens, inOrder.filter(({ source }) => source === "screen").map(({ element }) => element));
    const isAlone = people.length === 1 && phase === "in";
    place(this.#grid, [...cameras.map(({ element }) => element), ...(isAlone ? [this.#vacancy] : [])]);
    this.#layout();
  }

  #layout() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    const hasScreen = this.#screens.childElementCount > 0;
    this.element.classList.toggle("with-screen", hasScreen);
    const count = this.#grid.childElementCount;
    const isUpright = height > width;
    this.element.classList.toggle("upright", isUpright);
    // In a wide window faces stand beside a shared screen, in a tall one below it.
    const screenHeight = hasScreen && isUpright ? Math.floor(Math.min(width * SCREEN_RATIO, height * 0.6)) : 0;
    this.element.style.setProperty("--screen-height", `${screenHeight}px`);
    const { tileWidth, tileHeight } = hasScreen && !isUpright
      ? filmstrip(width)
      : arrange(count, width, height - (screenHeight && screenHeight + GAP));
    const { style } = this.#grid;
    style.setProperty("--tile-width", `${tileWidth}px`);
    style.setProperty("--tile-height", `${tileHeight}px`);
    this.element.classList.toggle("tiny", tileWidth < 200);
    const views = [];
    for (const { member, isSelf, source, element } of this.#tiles.values()) {
      const height = this.#unseen.has(element) ? 0 : element.clientHeight;
      if (!isSelf) views.push({ member, source, lines: step(height * devicePixelRatio) });
    }
    this.onlayout(views);
  }

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#unseen.delete(target);
      else this.#unseen.add(target);
    }
    this.#layout();
  }
}

/** The tile size with which so many tiles cover most of a field. */
export function arrange(count, width, height) {
  const tallest = width > height ? TALLEST.landscape : TALLEST.portrait;
  let best = { tileWidth: 0, tileHeight: 0, area: -1 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const roomX = (width - GAP * (columns - 1)) / columns;
    const roomY = (height - GAP * (rows - 1)) / rows;
    const tileWidth = Math.floor(Math.min(roomX, roomY * RATIO));
    // Room that is left over in height makes tiles taller, up to a limit: faces are taller than wide.
    const tileHeight = Math.floor(Math.min(roomY, tileWidth * tallest));
    // An empty place in the last row costs: three in a row of two look lost.
    const seen = tileWidth * Math.min(tileHeight, tileWidth * Math.max(1, tallest));
    const area = seen * (1 - 0.02 * (columns * rows - count));
    if (area > best.area) best = { tileWidth, tileHeight, area };
  }
  if (best.tileWidth >= SMALLEST || count <= 1) return best;
  const columns = Math.max(1, Math.floor((width + GAP) / (SMALLEST + GAP)));
  const tileWidth = Math.floor((width - GAP * (columns - 1)) / columns);
  return { tileWidth, tileHeight: Math.floor(tileWidth / RATIO) };
}

/** Small tiles beside a screen that is shared. */
function filmstrip(width) {
  const tileWidth = Math.min(220, Math.floor(width / 5));
  return { tileWidth, tileHeight: Math.floor(tileWidth / RATIO) };
}

/** Sizes in few steps, so that the relay hears of changes that matter only; 0 for what is not to be seen. */
export function step(lines) {
  if (lines <= 0) return 0;
  return lines <= 200 ? 180 : lines <= 420 ? 360 : 720;
}
