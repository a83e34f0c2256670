namespace VizPipeline.Jobs;

/// <summary>
/// Estimates the work of jobs in multiply-adds before anything runs, from the shapes of the network's operators. Work that is none, such as
/// decoding, is counted as the multiply-adds that take as long.
/// </summary>
/// <remarks>Only ratios matter where a rate was measured. The constants were fitted to recorded runs on a processor.</remarks>
public static class WorkEstimate
{
    /// <summary>Multiply-adds that take as long as writing a value of a map, which bounds operators such as a rectifier.</summary>
    public const int PerValue = 100;

    /// <summary>Multiply-adds per second of a processor core, which make estimates of time before anything is measured.</summary>
    public const double PerCoreSecond = 20e9;

    internal const double Filters = 30e6;

    private const double Decoding = 100e6;
    private const double Merging = 20e6;
    private const double Tile = 300e6;
    private const double Patch = 10e6;
    private const double AscentPicture = 70e6;
    private const double PerPixel = 20e3;
    private const int TopPatches = 9;
    private const int TopImages = 100;

    // Most neurons have one facet or two.
    private const double UsualFacets = 2;

    // How many neurons share the passes over their images.
    private const int UsualNeurons = 32;

    /// <summary>Sums the work of all jobs of a kind, each weighted by its units.</summary>
    public static double OfKind(AtlasSpec spec, JobKind kind)
        => JobKinds.Get(kind) is var row
            ? row.PlanJobs(spec).Sum(job => row.CountUnitsOf(spec, job) * row.Work(spec, (job as ILayerCommand)?.Layer)) : 0;

    // The average of all passes over all images. Those of added layers, or of all layers over added images, go through the network up to
    // their last layer.
    internal static double Image(AtlasSpec spec)
    {
        var passes = spec.Batches().SelectMany(
            batch => spec.Layers.GroupBy(layer => Math.Max(layer.Pass, batch.Pass)),
            (batch, layers) => (Images: (double)batch.Count, Work: OfPass(spec, layers))).ToList();
        return Decoding + (passes.Sum(pass => pass.Images * pass.Work) / Math.Max(1, passes.Sum(pass => pass.Images)));
    }

    private static double OfPass(AtlasSpec spec, IGrouping<int, LayerSpec> layers) => layers.Key == 0
        ? layers.Sum(layer => (double)Of(spec, layer).Added) : layers.Max(layer => (double)Of(spec, layer).Pass);

    internal static double Shard(AtlasSpec spec, int layer) => Merging * spec.GetLayer(layer).Channels;

    internal static double Merged(AtlasSpec spec) => Merging * Math.Max(1, Math.Sqrt(spec.ShardCount()));

    internal static double Patches(AtlasSpec spec, int layer)
    {
        var (work, pixels) = (Of(spec, spec.GetLayer(layer)), Pixels(spec, spec.GetLayer(layer)));
        // Forward to the positions and back, over the regions that they see. Neurons of a job share the passes over whole images.
        var passes = 0.0;
        if (spec.Methods.HasFlag(AtlasMethods.Deconv))
            passes = (TopPatches * (double)work.Region) + Math.Min(TopPatches * (double)work.Region, ImagesPerNeuron(spec) * work.Pass);
        return (TopPatches * (Patch + (PerPixel * pixels))) + passes;
    }

    // How many images the top patches of a job's neurons come from, for each of its neurons, if they are spread evenly.
    private static double ImagesPerNeuron(AtlasSpec spec)
    {
        var (neurons, images) = ((double)spec.NeuronsPerJob, Math.Max(1.0, spec.Images.Count));
        return images * (1 - Math.Exp(-TopPatches * neurons / images)) / neurons;
    }

    internal static double Ascent(AtlasSpec spec, int layer)
    {
        var (work, pixels) = (Of(spec, spec.GetLayer(layer)), Pixels(spec, spec.GetLayer(layer)));
        // A step is a forward pass, and a backward pass that takes twice as long with the regularizers.
        return spec.Ascent.Presets.Average(preset => AscentPicture + (PerPixel * pixels)
            + (spec.Ascent.PassesOf(preset) * 3.0 * (spec.Ascent.ReadsMap(preset) ? work.Pass : work.Region)));
    }

    /// <summary>
    /// Returns whether the facets of a layer are found on the regions that the top images' positions see, rather than on whole images that
    /// neurons share. It follows from network and image set alone, so that every job of a layer computes the same.
    /// </summary>
    public static bool FacetsByRegion(AtlasSpec spec, LayerSpec layer)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var work = Of(spec, layer);
        return (double)TopImages * UsualNeurons * work.Region < SharedImages(spec) * work.Pass;
    }

    internal static double FacetPasses(AtlasSpec spec) => TopImages + (UsualFacets * FacetSteps(spec));

    internal static double Facets(AtlasSpec spec, int layer)
    {
        var of = spec.GetLayer(layer);
        var (work, pixels, images) = (Of(spec, of), Pixels(spec, of), SharedImages(spec) / UsualNeurons);
        var search = (images * Decoding)
            + (FacetsByRegion(spec, of) ? (double)TopImages * work.Region : images * work.Pass);
        // A step is a forward pass, and a backward pass that takes twice as long with the regularizers.
        var step = 3.0 * (new RecipeView(spec.FacetRecipe ?? default).KindOf("objective") == "channel" ? work.Pass : work.Region);
        return search + (UsualFacets * ((TopPatches * (Patch + (PerPixel * pixels))) + AscentPicture + (PerPixel * pixels)
            + (FacetSteps(spec) * step)));
    }

    private static double SharedImages(AtlasSpec spec) => Math.Min(spec.Images.Count, (double)TopImages * UsualNeurons);

    // Steps times views.
    private static double FacetSteps(AtlasSpec spec)
        => new RecipeView(spec.FacetRecipe ?? default) is var recipe && recipe.Number("steps") is > 0 and var steps
            ? (double)steps * recipe.Views : AscentSpec.UsualSteps;

    internal static double Sheet(AtlasSpec spec, int layer) => Tile * spec.GetLayer(layer).Channels;

    /// <summary>Counts the pixels of the input that a neuron of a layer sees.</summary>
    public static double Pixels(AtlasSpec spec, LayerSpec layer)
    {
        var (height, width) = (spec.Model.Input[1], spec.Model.Input[2]);
        return layer.SeesWholeInput
            ? (double)height * width : (double)Math.Min(height, layer.FieldY.Size) * Math.Min(width, layer.FieldX.Size);
    }

    // An older spec only has the operations of each observed layer's own operator: those of the layers before it come from the list.
    private static LayerWork Of(AtlasSpec spec, LayerSpec layer)
    {
        if (layer.Work is { } known)
            return known;
        var pass = spec.Layers.TakeWhile(before => before.Index <= layer.Index).Sum(before => before.Flops / 2);
        var area = (double)spec.Model.Input[1] * spec.Model.Input[2];
        return new LayerWork(layer.Flops / 2, pass, (long)(pass * Pixels(spec, layer) / area));
    }
}
