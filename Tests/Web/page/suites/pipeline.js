import { OrderedPipeline } from "/client/media/ordered-pipeline.js";
import { expect, expectEqual } from "../harness.js";

const after = (milliseconds, value) => new Promise((resolve) => setTimeout(() => resolve(value), milliseconds));

function collector() {
  const written = [];
  return { written, writer: new WritableStream({ write: (frame) => void written.push(frame) }).getWriter() };
}

export const tests = {
  "frames leave in the order in which they came, whatever takes longer": async () => {
    const { written, writer } = collector();
    const pipeline = new OrderedPipeline(writer, () => {});
    let running = 0;
    let most = 0;
    for (let index = 0; index < 40; index += 1) {
      await pipeline.ready();
      pipeline.push(async () => {
        running += 1;
        most = Math.max(most, running);
        await after((index * 7) % 11);
        running -= 1;
        return index;
      });
    }
    await pipeline.drained();
    expectEqual(written, Array.from({ length: 40 }, (_, index) => index));
    expect(most > 1 && most <= 4, `${most} at a time`);
  },

  "lost frames and failures leave no gap behind them": async () => {
    const { written, writer } = collector();
    const failures = [];
    const pipeline = new OrderedPipeline(writer, (error) => failures.push(error.message));
    pipeline.push(async () => after(5, 1));
    pipeline.push(async () => null);
    pipeline.push(async () => {
      throw new Error("broken");
    });
    pipeline.push(async () => 4);
    await pipeline.drained();
    expectEqual(written, [1, 4]);
    expectEqual(failures, ["broken"]);
  },

  "a closed writer stops nothing": async () => {
    const { writer } = collector();
    await writer.close();
    const pipeline = new OrderedPipeline(writer, () => {});
    for (let index = 0; index < 10; index += 1) {
      await pipeline.ready();
      pipeline.push(async () => index);
    }
    await pipeline.drained();
  },
};
