using VizPipeline.ActivationStore;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Facets;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.ObjectStore;
using VizPipeline.Worker.Rendering;

namespace VizPipeline.Worker.Jobs;

/// <summary>
/// Divides the top 100 images of a range of neurons into facets, and draws each facet's first nine patches, their mean, and the ascent that
/// starts there. A layer whose neurons no convolution or linear operator computes has no facets.
/// </summary>
public sealed class FindFacetsHandler(IObjectStore store) : IJobHandler<FindFacets>
{
    private const int Seed = 0;
    private const int Patches = 9;

    /// <summary>Whether ascents are run; otherwise their pictures are missing.</summary>
    public bool Ascends { get; init; } = true;

    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, FindFacets command, IProgress<int> progress, CancellationToken cancellation)
    {
        if (!Contributions.Exist(atlas.Runner.Graph, atlas.Layer(command.Layer)))
            return VizJson.Write(new PictureTable(command.Layer, [], []) { Facets = [], Images = command.Images });
        var search = new FacetSearch(atlas, command);
        var tops = await search.ReadTopImagesAsync(store, cancellation);
        var stays = await UnchangedPictures.FindAsync(store, atlas.Spec, command, cancellation);
        var materials = tops.Select(of => command.Images > 0 ? TopMaterial.Of(of) : null).ToArray();
        var same = Enumerable.Range(0, tops.Length).Where(i => stays.Has(command.FirstChannel + i, materials[i]))
            .Select(i => command.FirstChannel + i).ToHashSet();
        foreach (var channel in same)
            tops[channel - command.FirstChannel] = [];
        // The ascents take most of the time.
        var clusters = search.Divide(
            tops, (done, all) => progress.Report((int)((long)tops.Length * done / all / 4)), cancellation);
        Facet[] facets = [.. tops.SelectMany((of, i) => FacetsOf(command.FirstChannel + i, of, clusters[i]))];
        var recipe = RecipeJson.Parse(atlas.Spec.FacetRecipe!.Value.GetRawText(), "facets");
        var starts = new Dictionary<int, float[]?>();
        var run = new AscentRun(
            atlas.Runner, atlas.Layer(command.Layer), recipe, PixelScales.Create(atlas.Preprocessing),
            new AscentMaterial { TopPatches = neuron => starts[neuron] });
        var (rows, files) = (new List<(Facet Facet, PictureRow Row)>(), new Files(store, atlas, command));
        foreach (var facet in facets)
            rows.AddRange(await DrawAsync(atlas, command, run, facet, files, cancellation));
        // The neurons' first facets in one batch, then their second ones, and so on, each from its own start.
        foreach (var batch in facets.GroupBy(facet => facet.Row.Facet).SelectMany(same => same.Chunk(run.SamplesPerBatch)))
        {
            if (!Ascends)
                break;
            starts = batch.ToDictionary(facet => facet.Row.Channel, facet => (float[]?)facet.Mean);
            var results = run.Ascend([.. batch.Select(facet => facet.Row.Channel)], Seed, cancellation);
            foreach (var (facet, result) in batch.Zip(results))
                rows.Add((facet, await files.PutAsync(facet.Row, FacetPicture.Ascent, result, RecipeJson.Write(recipe), cancellation)));
            var drawn = rows.Count - (2 * facets.Length);
            progress.Report((int)(tops.Length * (0.25 + (0.75 * drawn / facets.Length))));
        }
        PictureRow[] pictures = [.. rows.OrderBy(row => row.Facet.Row.Channel).ThenBy(row => row.Facet.Row.Facet)
            .Select(row => row.Row with { Material = materials[row.Facet.Row.Channel - command.FirstChannel] })];
        await DeleteAsync(stays.Pictures.Where(picture => !same.Contains(picture.Channel)).Select(picture => picture.Key)
            .Except(pictures.Select(picture => picture.Key)), cancellation);
        // In the order of a job that draws everything.
        return VizJson.Write(new PictureTable(
            command.Layer, [.. pictures.Concat(stays.Pictures.Where(picture => same.Contains(picture.Channel)))
                .OrderBy(picture => picture.Channel)], [])
        {
            Facets = [.. facets.Select(facet => facet.Row).Concat(stays.Facets.Where(facet => same.Contains(facet.Channel)))
                .OrderBy(facet => facet.Channel)],
            Images = command.Images,
        });
    }

    // A neuron may have fewer facets than with fewer images.
    private async Task DeleteAsync(IEnumerable<string?> keys, CancellationToken cancellation)
    {
        foreach (var key in keys.OfType<string>())
            await store.DeleteAsync(key, cancellation);
    }

    private static IEnumerable<Facet> FacetsOf(int channel, IReadOnlyList<TopListEntry> tops, FacetClusters clusters)
    {
        for (var facet = 0; facet < clusters.Count; facet++)
        {
            TopListEntry[] entries = [.. tops.Where((_, i) => clusters.FacetOf[i] == facet)];
            yield return new Facet(
                new FacetRow
                {
                    Channel = channel,
                    Facet = facet + 1,
                    Images = [.. entries.Select(entry => entry.Image)],
                    Share = (double)entries.Length / tops.Count,
                    MeanActivation = entries.Average(entry => (double)entry.Activation),
                    Silhouette = clusters.Silhouette,
                },
                entries);
        }
    }

    // The picture of the first nine patches, and their mean.
    private static async Task<IEnumerable<(Facet Facet, PictureRow Row)>> DrawAsync(
        AtlasRuntime atlas, FindFacets command, AscentRun run, Facet facet, Files files, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var (layer, shown) = (atlas.Layer(command.Layer), facet.Entries.Take(Patches).ToList());
        var (crops, slots) = LoadedCrops.Load(atlas, [.. shown.Select(entry => entry.Image)]);
        var (drawing, planes) = (new PatchDrawing(atlas, command.Layer, command.FirstChannel, command.EndChannel),
            new List<(float[] Planes, int Y, int X)>());
        foreach (var (place, entry) in shown.Index())
        {
            var (y, x) = Math.DivRem(entry.Position, layer.Shape.Width);
            var crop = crops.AsSpan(slots[place] * atlas.Preprocessing.CropBytes, atlas.Preprocessing.CropBytes).ToArray();
            drawing.DrawPatch(PatchRows.Create(atlas, command.Layer, facet.Row.Channel, entry with { Rank = place + 1 }), crop);
            planes.Add((AscentMaterials.Planes(atlas, crop), y, x));
        }
        facet.Mean = TopPatchMean.Compute(
            run, planes, atlas.Runner.Graph.InputShape, PixelScales.Create(atlas.Preprocessing).Mean)!;
        var patches = drawing.Patches[facet.Row.Channel - command.FirstChannel]!;
        var mean = AscentPicture.Draw(facet.Mean, run.Box.Width, run.Box.Height, atlas.Preprocessing);
        return
        [
            (facet, await files.PutAsync(facet.Row, FacetPicture.Patches, patches, cancellation) with
            {
                Parameters = PatchMosaic.Detect(patches).ToJson(),
                Activation = facet.Entries[0].Activation,
            }),
            (facet, await files.PutAsync(facet.Row, FacetPicture.Mean, mean, cancellation)),
        ];
    }

    /// <summary>A facet on its way.</summary>
    private sealed record Facet(FacetRow Row, IReadOnlyList<TopListEntry> Entries)
    {
        /// <summary>The mean of its first patches, planes of the ascent's size.</summary>
        public float[] Mean { get; set; } = [];
    }

    /// <summary>Stores the pictures of facets.</summary>
    private sealed class Files(IObjectStore store, AtlasRuntime atlas, FindFacets command)
    {
        private readonly PictureTexts _texts = new(atlas.Spec);
        private readonly string _layer = atlas.Spec.GetLayer(command.Layer).Name;

        public async Task<PictureRow> PutAsync(FacetRow facet, string content, RgbImage picture, CancellationToken cancellation) => new()
        {
            Layer = command.Layer,
            Channel = facet.Channel,
            Method = PictureMethod.Facets,
            Variant = FacetPicture.Variant(facet.Facet, content),
            Key = await WriteAsync(facet, content, picture, null, cancellation),
            Status = PictureStatus.Done,
        };

        public async Task<PictureRow> PutAsync(
            FacetRow facet, string content, AscentResult result, string recipe, CancellationToken cancellation)
            => AscendNeuronsHandler.CreateRow(command.Layer, result, recipe) with
            {
                Method = PictureMethod.Facets,
                Variant = FacetPicture.Variant(facet.Facet, content),
                Seed = Seed,
                // As of a neuron that is dead: what is left is the start.
                Key = result.Status == AscentStatus.Dead ? null : await WriteAsync(
                    facet, content, AscentPicture.Draw(result, atlas.Preprocessing), $"seed {Seed}: {recipe}", cancellation),
            };

        private async Task<string> WriteAsync(
            FacetRow facet, string content, RgbImage picture, string? recipe, CancellationToken cancellation)
        {
            var key = AtlasKeys.FacetPicture(command.AtlasId, _layer, facet.Channel, facet.Facet, content);
            await store.PutAsync(
                key, _texts.Encode(picture, command.Layer, facet.Channel, $"facet {facet.Facet}, {content}", recipe), cancellation);
            return key;
        }
    }
}
