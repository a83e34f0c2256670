using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

/// <summary>Invented results that depend only on the spec, like real ones.</summary>
public static class ResultSamples
{
    public static ScanTable Scan(ScanShard job)
    {
        // One image in seven is unreadable.
        var unreadable = Enumerable.Range(job.FirstImage, job.EndImage - job.FirstImage).Where(image => image % 7 == 6)
            .Select(image => new UnreadableImage(image, $"image {image} is truncated")).ToList();
        return new ScanTable(job.Shard, job.FirstImage, job.EndImage, job.EndImage - job.FirstImage - unreadable.Count, unreadable);
    }

    public static GatherTable Gather(GatherShards job) => new(job.Layer, job.Part, job.FirstShard, job.EndShard);

    public static LayerTable Layer(AtlasSpec spec, int layer, int ranks = 9) => new(
        layer,
        [.. Enumerable.Range(0, spec.Layers[layer].Channels).Select(channel => Neuron(layer, channel))],
        [.. from channel in Enumerable.Range(0, spec.Layers[layer].Channels)
            from rank in Enumerable.Range(1, Math.Min(ranks, spec.Images.Count))
            select Patch(layer, channel, rank, spec.Images.Count)])
    {
        Images = spec.Images.Count,
    };

    public static PictureTable Patches(AtlasSpec spec, RenderPatches job) => new(
        job.Layer,
        [.. from channel in Channels(job.FirstChannel, job.EndChannel)
            from method in new[] { PictureMethod.Top9, PictureMethod.Deconv }
            select Picture(spec, job.Layer, channel, method)],
        [.. from channel in Channels(job.FirstChannel, job.EndChannel)
            from rank in Enumerable.Range(1, Math.Min(9, spec.Images.Count))
            select new PatchCheckRow(
                job.Layer, channel, rank, Patch(job.Layer, channel, rank, spec.Images.Count).Activation + 0.25f, rank == 9)])
    {
        Images = job.Images,
    };

    public static PictureTable Ascent(AtlasSpec spec, AscendNeurons job) => new(
        job.Layer,
        [.. Channels(job.FirstChannel, job.EndChannel).Select(channel => Picture(spec, job.Layer, channel, PictureMethod.Ascent) with
        {
            Variant = PresetNames.Variant(job.Preset),
            Seed = job.Seed,
            Activation = channel * 2.5,
            BestStep = 60,
            Steps = 64,
            Status = PictureStatus.BestAtStep,
            Objective = [0, channel * 2.5f],
        })],
        [])
    {
        Images = job.Images,
    };

    /// <summary>Two facets per neuron, one of 7 and one of 3 images.</summary>
    public static PictureTable Facets(AtlasSpec spec, FindFacets job) => new(
        job.Layer,
        [.. from channel in Channels(job.FirstChannel, job.EndChannel)
            from facet in new[] { 1, 2 }
            from content in new[] { FacetPicture.Patches, FacetPicture.Mean, FacetPicture.Ascent }
            select Picture(spec, job.Layer, channel, PictureMethod.Facets) with
            {
                Variant = FacetPicture.Variant(facet, content),
                Key = AtlasKeys.FacetPicture(spec.Id, spec.Layers[job.Layer].Name, channel, facet, content),
                Activation = content == FacetPicture.Ascent ? channel + facet : null,
            }],
        [])
    {
        Facets = [.. from channel in Channels(job.FirstChannel, job.EndChannel)
            from facet in new[] { 1, 2 }
            select new FacetRow
            {
                Channel = channel,
                Facet = facet,
                Images = facet == 1 ? [8, 0, 1, 2, 3, 4, 5] : [9, 6, 7],
                Share = facet == 1 ? 0.7 : 0.3,
                MeanActivation = channel + (0.5 * facet),
                Silhouette = 0.25,
            }],
        Images = job.Images,
    };

    public static PictureTable Filters(AtlasSpec spec, RenderFilters job)
        => new(job.Layer, spec.Layers[job.Layer].Kind == "conv" ? [Picture(
            spec, job.Layer, PictureRow.WholeLayer, PictureMethod.Filters)] : [], []);

    public static SheetTable Sheet(AtlasSpec spec, RenderSheet job, IEnumerable<PictureRow> ascents) => new(
        job.Layer,
        AtlasKeys.Sheet(spec.Id, spec.Layers[job.Layer].Name),
        [.. ascents.Select(row => new PercentileRow(row.Layer, row.Channel, row.Method, row.Variant, row.Seed, 99 - row.Channel))])
    {
        Images = job.Images,
    };

    private static IEnumerable<int> Channels(int first, int end) => Enumerable.Range(first, end - first);

    private static PictureRow Picture(AtlasSpec spec, int layer, int channel, string method) => new()
    {
        Layer = layer,
        Channel = channel,
        Method = method,
        Key = channel < 0
            ? AtlasKeys.LayerPicture(spec.Id, spec.Layers[layer].Name, method)
            : AtlasKeys.Picture(spec.Id, spec.Layers[layer].Name, method, channel),
        Status = PictureStatus.Done,
    };

    private static NeuronRow Neuron(int layer, int channel) => new()
    {
        Layer = layer,
        Channel = channel,
        Images = 10,
        Mean = channel + 0.1,
        StandardDeviation = 0.5,
        Max = channel + 1,
        FractionPositive = 0.75,
        Dead = false,
        Q50 = 0.5,
        Q90 = 0.9,
        Q99 = 0.99,
        Q999 = 0.999,
        HistogramLow = 0,
        HistogramHigh = channel + 1,
        Histogram = [.. Enumerable.Range(0, NeuronRow.HistogramBins)],
        BestClass = channel % 2,
        BestClassMean = channel + 0.2,
        ClassSelectivity = 0.3,
        TopClasses = [0, 1, 1, 0, 1, 1, 1, 0, 1],
        TopPurity = 6 / 9.0,
        ActiveImages = 9,
    };

    private static PatchRow Patch(int layer, int channel, int rank, int images) => new()
    {
        Layer = layer,
        Channel = channel,
        Rank = rank,
        Image = (channel + rank) % images,
        Activation = 10f / rank,
        Y = 1,
        X = 2,
        Box = new PixelBox(-1, -2, 9, 8),
        Clipped = new PixelBox(0, 0, 8, 8),
    };
}
