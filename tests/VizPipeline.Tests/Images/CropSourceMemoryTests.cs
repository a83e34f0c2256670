using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>Counts what the process allocates, so no other test may run beside it.</summary>
[CollectionDefinition(nameof(CropSourceMemoryTests), DisableParallelization = true)]
[Collection(nameof(CropSourceMemoryTests))]
public class CropSourceMemoryTests
{
    [Fact]
    public async Task Memory_does_not_grow_over_many_pictures()
    {
        using var set = new RandomPictures(40, side: 400);
        var source = set.Source();
        int[] rounds = [.. Enumerable.Repeat(Enumerable.Range(0, 40), 5).SelectMany(round => round)];
        await Read(source, rounds);
        var before = GC.GetTotalAllocatedBytes(precise: true);

        await Read(source, rounds);

        // 200 pictures of 640 kB decoded, from files of 480 kB: without pooling that would be 224 MB.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 24_000_000);
    }

    private static async Task Read(CropSource source, int[] indices)
    {
        await foreach (var batch in source.ReadBatches(indices, 8, 2, TestContext.Current.CancellationToken))
            batch.Dispose();
    }
}
