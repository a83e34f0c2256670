using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Coordinator;

/// <summary>What a small atlas contains after a run that nothing disturbed.</summary>
internal static class UndisturbedAtlas
{
    private static readonly Lazy<Task<string>> Contents = new(RunAsync);

    /// <summary>Returns the contents of its catalog.</summary>
    public static Task<string> ContentsAsync() => Contents.Value;

    private static async Task<string> RunAsync()
    {
        var spec = SpecSamples.Small();
        using var folder = new TemporaryFolder();
        await using var host = new EmbeddedHost(folder.Path, spec.Id);
        await host.RunAsync(spec, CancellationToken.None);
        return await CatalogFixture.Contents(host.Database, spec.Id);
    }
}
