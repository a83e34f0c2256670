using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Cli.Embedded;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;

namespace VizPipeline.Tests.Cli.Embedded;

/// <summary>Tests several folders combined into one catalog and one object store.</summary>
public sealed partial class JoinedAtlasesTests : IDisposable
{
    private readonly AtlasFolder _one = new();
    private readonly AtlasFolder _other = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task Atlases_of_one_id_stand_side_by_side_with_all_their_rows_and_pictures()
    {
        foreach (var folder in new[] { _one, _other })
            await (await folder.PlanAsync()).CompleteAsync(group => group.Kind is JobKind.Merge or JobKind.Patches);
        var key = AtlasKeys.Picture(AtlasFolder.Spec.Id, "conv1", "top9", 1);
        await (await _one.OpenAsync()).OpenStore().PutAsync(key, new byte[] { 1 }, _cancellation);
        await (await _other.OpenAsync()).OpenStore().PutAsync(key, new byte[] { 2 }, _cancellation);

        using var joined = await JoinedAtlases.OpenAsync([await _one.OpenAsync(), await _other.OpenAsync()], _cancellation);
        await using var catalog = joined.Database.Open();
        var atlases = await catalog.Atlases.OrderBy(atlas => atlas.Id).ToListAsync(_cancellation);
        Assert.Equal(["sample", "sample-2"], atlases.Select(atlas => atlas.Slug));
        Assert.Equal(2, atlases.Select(atlas => atlas.Name).Distinct().Count());
        Assert.Equal("sample-2", atlases[1].ReadSpec().Id);
        Assert.Equal(await ContentsAsync(_one.Database, "sample"), await ContentsAsync(joined.Database, "sample"));
        Assert.Equal(
            (await ContentsAsync(_other.Database, "sample")).Replace("atlases/sample/", "atlases/sample-2/", StringComparison.Ordinal),
            await ContentsAsync(joined.Database, "sample-2"));
        Assert.Equal([1], await joined.Store.GetAsync(key, _cancellation));
        Assert.Equal([2], await joined.Store.GetAsync(AtlasKeys.Picture("sample-2", "conv1", "top9", 1), _cancellation));
        Assert.Null(await joined.Store.TryGetAsync(AtlasKeys.Picture("sample-3", "conv1", "top9", 1), _cancellation));
    }

    [Fact]
    public async Task The_copy_is_gone_at_the_end_and_the_folders_are_as_they_were()
    {
        foreach (var folder in new[] { _one, _other })
            await folder.PlanAsync();
        var before = await CatalogFixture.Contents(_one.Database, "sample");
        string place;
        using (var joined = await JoinedAtlases.OpenAsync([await _one.OpenAsync(), await _other.OpenAsync()], _cancellation))
            place = joined.Database.Place;
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(place)!, Path.GetFileName(place) + "*"));
        Assert.Equal(before, await CatalogFixture.Contents(_one.Database, "sample"));
    }

    // Only the ids in the catalog differ.
    private static async Task<string> ContentsAsync(CatalogDatabase database, string slug) => Number().Replace(
        await CatalogFixture.Contents(database, slug), match =>
            $"{match.Groups[1].Value}{int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) % 1_000_000}");

    [GeneratedRegex("(\"(?:id|atlas_id|layer_id)\":)([0-9]+)")]
    private static partial Regex Number();
}
