using VizPipeline.ActivationStore;
using VizPipeline.Jobs;
using VizPipeline.Methods.Facets;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Worker;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Tests.Worker.Jobs;

/// <summary>Facets of a real, tiny network over random pictures, found by the handler as in a worker.</summary>
public sealed class FindFacetsHandlerTests : IDisposable
{
    private const int Layer = 1;
    private readonly SmallAtlas _atlas = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _atlas.Dispose();

    [Fact]
    public async Task However_the_neurons_are_cut_into_jobs_the_facets_and_pictures_are_the_same()
    {
        var (store, spec) = await MakeAsync();
        using var runtimes = _atlas.Runtimes();
        var runtime = await runtimes.OpenAsync(SmallAtlas.Cpu(), spec.Id, _cancellation);
        var neurons = spec.Layers[Layer].Channels;

        var whole = await RunAsync(store, runtime, 0, neurons);
        var pictures = await ReadPicturesAsync(store, whole);
        var parts = new List<PictureTable>();
        for (var neuron = 0; neuron < neurons; neuron++)
            parts.Add(await RunAsync(store, runtime, neuron, neuron + 1));

        Assert.Equal(VizJson.Write(whole.Facets), VizJson.Write(parts.SelectMany(part => part.Facets!)));
        var rows = parts.SelectMany(part => part.Pictures).ToList();
        Assert.Equal(VizJson.Write(whole.Pictures.Where(IsExact)), VizJson.Write(rows.Where(IsExact)));
        Assert.Equal(pictures, await ReadPicturesAsync(store, whole));
        // Ascents in batches of other sizes differ by float noise.
        Assert.Equal(whole.Pictures.Select(Name), rows.Select(Name));
        foreach (var (one, other) in whole.Pictures.Zip(rows).Where(pair => pair.First.Activation is not null))
            Assert.Equal(one.Activation!.Value, other.Activation!.Value, 1e-3 * Math.Max(1, Math.Abs(one.Activation!.Value)));
        Assert.True(whole.Facets!.Count >= neurons);
    }

    [Fact]
    public async Task Facets_are_parts_of_the_top_list_in_its_order_and_have_three_pictures_each()
    {
        var (store, spec) = await MakeAsync();
        using var runtimes = _atlas.Runtimes();
        var runtime = await runtimes.OpenAsync(SmallAtlas.Cpu(), spec.Id, _cancellation);
        var layer = spec.Layers[Layer];

        var table = await RunAsync(store, runtime, 0, layer.Channels);

        foreach (var neuron in table.Facets!.GroupBy(facet => facet.Channel))
        {
            var top = (await TopList.ReadAsync(
                store, spec.Id, layer.Name, TopList.Top, layer.Channels, neuron.Key, _cancellation))!.ToList();
            Assert.Equal(top.Select(entry => entry.Image).Order(), neuron.SelectMany(facet => facet.Images).Order());
            foreach (var facet in neuron)
            {
                var own = top.Where(entry => facet.Images.Contains(entry.Image)).ToList();
                Assert.Equal(own.Select(entry => entry.Image), facet.Images);
                Assert.Equal(own.Average(entry => (double)entry.Activation), facet.MeanActivation, 1e-6);
                Assert.Equal((double)own.Count / top.Count, facet.Share, 1e-9);
                Assert.Equal(
                    ["ascent", "mean", "patches"],
                    table.Pictures.Where(picture => picture.Channel == neuron.Key
                        && picture.Variant.StartsWith($"facet {facet.Facet} ", StringComparison.Ordinal))
                    .Select(picture => picture.Variant.Split(' ')[^1]).Order());
            }
        }
    }

    [Fact]
    public async Task A_layer_that_only_pools_has_no_facets()
    {
        var (store, spec) = await MakeAsync();
        using var runtimes = _atlas.Runtimes();
        var runtime = await runtimes.OpenAsync(SmallAtlas.Cpu(), spec.Id, _cancellation);
        var last = spec.Layers[^1];
        Assert.False(Contributions.Exist(runtime.Runner.Graph, runtime.Layer(last.Index)));

        var table = VizJson.Read<PictureTable>(await new FindFacetsHandler(store).RunAsync(
            runtime, new FindFacets(spec.Id, 1, 1, last.Index, 0, last.Channels), new Progress<int>(), _cancellation));

        Assert.Empty(table.Facets!);
        Assert.Empty(table.Pictures);
    }

    [Fact]
    public async Task An_atlas_without_top_lists_is_told_to_be_built_anew()
    {
        var (store, spec) = await MakeAsync();
        await store.DeleteAsync(AtlasKeys.TopList(spec.Id, spec.Layers[Layer].Name, TopList.Top, "activations"), _cancellation);
        using var runtimes = _atlas.Runtimes();
        var runtime = await runtimes.OpenAsync(SmallAtlas.Cpu(), spec.Id, _cancellation);

        var refused = await Assert.ThrowsAsync<CorruptTableException>(() => RunAsync(store, runtime, 0, 1));

        Assert.Contains("without lists of the top 100 images", refused.Message, StringComparison.Ordinal);
        Assert.Contains(spec.Layers[Layer].Name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_neuron_has_as_many_facets_as_the_table_allows() => Assert.Equal(FacetClusters.Most, FacetRow.Most);

    [Theory]
    [InlineData("maco", "fourier from a facet")]
    [InlineData("facets", "facets from a facet")]
    [InlineData("3", "3 low-frequency from a facet")]
    public void Every_recipe_can_start_at_a_facet(string preset, string name)
    {
        var recipe = FacetRecipe.From(AscentPresets.WithSteps(AscentPresets.Find(preset)!, 5));

        Assert.Equal((name, 5, 1), (recipe.Name, recipe.Steps, recipe.Facets));
        Assert.IsType<TopPatchesStart>(recipe.Start);
        Assert.Empty(recipe.Faults());
    }

    private async Task<(FolderObjectStore Store, AtlasSpec Spec)> MakeAsync()
    {
        await _atlas.Make();
        var store = new FolderObjectStore(_atlas.Path, AtlasKeys.Root("small"));
        var spec = _atlas.Plan().Spec with
        {
            Methods = AtlasMethods.Top9 | AtlasMethods.Facets,
            FacetRecipe = RecipeJson.ToElement(FacetRecipe.From(AscentPresets.WithSteps(AscentPresets.Fourier, 3))),
        };
        Assert.Empty(spec.Faults());
        await store.PutAsync(AtlasKeys.Spec(spec.Id), VizJson.Write(spec), _cancellation);
        return (store, spec);
    }

    private static bool IsExact(PictureRow picture) => !picture.Variant.EndsWith(FacetPicture.Ascent, StringComparison.Ordinal);

    private static (int Channel, string Variant, string? Key, string Status) Name(PictureRow picture)
        => (picture.Channel, picture.Variant, picture.Key, picture.Status);

    private async Task<PictureTable> RunAsync(FolderObjectStore store, AtlasRuntime runtime, int first, int end)
        => VizJson.Read<PictureTable>(await new FindFacetsHandler(store).RunAsync(
            runtime, new FindFacets(runtime.Spec.Id, 1, 1, Layer, first, end), new Progress<int>(), _cancellation));

    private async Task<List<byte[]>> ReadPicturesAsync(FolderObjectStore store, PictureTable table)
    {
        var pictures = new List<byte[]>();
        foreach (var picture in table.Pictures.Where(IsExact))
        {
            pictures.Add(await store.GetAsync(picture.Key!, _cancellation));
            await store.DeleteAsync(picture.Key!, _cancellation);
        }
        return pictures;
    }
}
