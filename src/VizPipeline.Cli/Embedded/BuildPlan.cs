using System.Diagnostics;
using TorchSharp;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.Embedded;

/// <summary>Says what an atlas will be and cost before it is built: neurons, images, methods, time and disk.</summary>
internal sealed class BuildPlan
{
    private const double BytesPerPixel = 1.7;
    private const double BytesPerNeuron = 90_000;
    private const int QuickSteps = 32;
    private const int TopPatches = 9;
    private const int UsualFacets = 2;
    private static readonly TimeSpan Measuring = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(30);

    private readonly AtlasRequest _request;
    private readonly AtlasSpec _spec;
    private readonly double _workPerSecond;

    /// <summary>Creates the plan of an atlas.</summary>
    /// <param name="request">The atlas.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="workPerSecond">The speed of all devices together, see <see cref="WorkEstimate"/>.</param>
    public BuildPlan(AtlasRequest request, AtlasSpec spec, double workPerSecond)
        => (_request, _spec, _workPerSecond) = (request, spec, workPerSecond);

    /// <summary>Measures the speed of a device of this machine with forward passes of the network, for about a second.</summary>
    public static double MeasureSpeed(AtlasRequest request)
    {
        TorchRuntime.Start();
        var (graph, target) = (request.Graph, request.Layers.Max(layer => layer.Node));
        using var runner = new NetworkRunner(graph, TorchDevice.FindAll(request.Device)[0].Device);
        using var scope = torch.NewDisposeScope();
        using var mode = torch.inference_mode();
        var input = graph.InputShape;
        var images = torch.zeros(
            [Math.Min(request.BatchSize, 4), input.Channels, input.Height, input.Width], device: runner.Device);
        // The first pass chooses kernels and allocates memory.
        Run();
        var (watch, passes) = (Stopwatch.StartNew(), 0);
        do
        {
            Run();
            passes++;
        }
        while (watch.Elapsed < Measuring && passes < 100);
        return passes * images.shape[0] * (double)AtlasSpecs.PassWork(graph, [target]) / watch.Elapsed.TotalSeconds;

        // Reading the result waits for the device.
        void Run() => runner.Forward(images, [target], (_, value) => value.cpu().Dispose());
    }

    /// <summary>
    /// Says how long it takes to make one atlas of another, such as <c>about 2 min 05 s</c>, given the speed of all devices together.
    /// </summary>
    public static string FormatDifference(AtlasSpec before, AtlasSpec after, double workPerSecond)
    {
        var again = ImageGrowth.ShareRedone(before, after);
        var time = TimeSpan.FromSeconds(JobKinds.All.Sum(kind =>
        {
            var (known, all) = (WorkEstimate.OfKind(before, kind.Kind), WorkEstimate.OfKind(after, kind.Kind));
            return Math.Max(0, all - known) + (again(kind.Kind) * Math.Min(known, all));
        }) / workPerSecond);
        // The start of jobs, which is not counted, takes longer than the work.
        return time < TimeSpan.FromMinutes(1) ? "less than a minute" : $"about {Format(time)}";
    }

    /// <summary>Returns the plan as lines of text.</summary>
    /// <param name="folder">The folder of the atlas.</param>
    /// <param name="caches">Whether decoded images are kept.</param>
    public IEnumerable<string> Lines(string folder, bool caches)
    {
        yield return $"Plan of atlas '{_spec.Id}' of {_spec.Name}:";
        var layers = Atlas.Web.Format.Counted(_spec.Layers.Count, "layer");
        yield return $"  neurons        {Atlas.Web.Format.Counted(_spec.NeuronCount(), "neuron")} in {layers}";
        if (_spec.NeedsScan())
            yield return $"  images         {Images()}";
        yield return $"  preprocessing  {_request.Preprocessing}";
        yield return $"  methods        {Methods()}";
        if (_spec.Methods.HasFlag(AtlasMethods.Facets)
            && _spec.Layers.Where(layer => !layer.HasWeights()).Select(layer => layer.Name).ToList() is { Count: > 0 } without)
            yield return $"  facets         none in {string.Join(", ", without)}: no convolution or linear operator computes these neurons";
        var (total, parts) = (Time(_spec), JobKinds.All.Select(kind => (kind.Name, Time: Time(_spec, kind.Kind)))
            .OrderByDescending(kind => kind.Time).ToList());
        var named = parts.Where(part => part.Time > total / 50).Select(part => $"{part.Name} {Format(part.Time)}");
        yield return $"  time           about {Format(total)} on this machine ({string.Join(", ", named)})";
        if (_spec.Keep is { Images: > 0 } keep)
            yield return $"  activations    of {(keep.Images < _spec.Images.Count ? "a sample of " : "all ")}"
                + $"{Atlas.Web.Format.Counted(keep.Images, "image")} are kept, {ByteSize.Format(keep.Bytes(_spec.NeuronCount()))} (--keep)";
        yield return $"  disk           about {ByteSize.Format(Bytes())} in {folder}"
            + (caches && _spec.NeedsScan()
                ? $", and up to {ByteSize.Format((double)_spec.Images.Count * _request.Preprocessing.CropBytes)} of decoded images in the "
                    + "cache" : "");
        if (total > Long && Shorter(total).ToList() is { Count: > 0 } ways)
            yield return $"  shorter        {string.Join("; ", ways)}";
    }

    private string Images()
    {
        var entries = _request.Images!.Entries;
        var labels = entries.Count(entry => entry.ClassIndex is not null);
        var unreadable = entries.Count(entry => entry.Unreadable is not null);
        var text = $"{Atlas.Web.Format.Counted(entries.Count, "image")} in {_request.ImageFolder}"
            + (labels == 0 ? ", none with a label" : labels == entries.Count ? ", all with a label"
                : $", {labels:N0} with a label");
        return unreadable == 0 ? text : $"{text}; {unreadable:N0} cannot be read and {(unreadable == 1 ? "is" : "are")} skipped";
    }

    private string Methods()
    {
        var methods = new List<string>();
        foreach (var method in (AtlasMethods[])[AtlasMethods.Top9, AtlasMethods.Deconv, AtlasMethods.Ascent, AtlasMethods.Facets,
            AtlasMethods.Filters])
            if (_spec.Methods.HasFlag(method))
                methods.Add(method == AtlasMethods.Ascent ? $"ascent ({Ascents()})" : method.ToString().ToLowerInvariant());
        return string.Join(", ", methods);
    }

    private string Ascents()
    {
        var recipes = _spec.Ascent.Presets.Select(
            preset => $"{preset} with {Atlas.Web.Format.Counted(_spec.Ascent.StepsOf(preset), "step")}");
        return $"{(_spec.Ascent.Presets.Count == 1 ? "recipe" : "recipes")} {string.Join(", ", recipes)}"
            + (_spec.Ascent.Seeds.Count == 1 ? "" : $", {_spec.Ascent.Seeds.Count} seeds");
    }

    private IEnumerable<string> Shorter(TimeSpan total)
    {
        var ways = new List<(string Way, AtlasSpec Spec)>();
        if (_spec.Methods.HasFlag(AtlasMethods.Ascent))
        {
            if (_spec.Ascent.Presets.Max(_spec.Ascent.StepsOf) > QuickSteps)
                ways.Add(($"--ascent-steps {QuickSteps}, for a first look,", WithAscent(_spec.Ascent with { Steps = QuickSteps })));
            if (_spec.Ascent.Presets.Count > 1)
                ways.Add(("one of the --ascent-presets", WithAscent(_spec.Ascent with
                {
                    Presets = [_spec.Ascent.Presets.MinBy(_spec.Ascent.PassesOf)!],
                })));
            if ((_spec.Methods & ~AtlasMethods.Ascent) != AtlasMethods.None)
                ways.Add(("--methods without ascent", _spec with { Methods = _spec.Methods & ~AtlasMethods.Ascent }));
        }
        if (_spec.Methods.HasFlag(AtlasMethods.Facets) && (_spec.Methods & ~AtlasMethods.Facets) != AtlasMethods.None)
            ways.Add(("--methods without facets", _spec with { Methods = _spec.Methods & ~AtlasMethods.Facets }));
        if (_spec.Layers.Count > 1)
        {
            var dearest = _spec.Layers.MaxBy(layer => Time(_spec with { Layers = [layer with { Index = 0 }] }))!;
            ways.Add(($"--layers without {dearest.Name}", _spec with
            {
                Layers = [.. _spec.Layers.Where(layer => layer != dearest).Select((layer, i) => layer with { Index = i })],
            }));
        }
        return ways.Select(way => (way.Way, Time: Time(way.Spec))).Where(way => way.Time < 0.9 * total).OrderBy(way => way.Time)
            .Select(way => $"{way.Way} takes about {Format(way.Time)}");
    }

    private AtlasSpec WithAscent(AscentSpec ascent) => _spec with { Ascent = ascent };

    private TimeSpan Time(AtlasSpec spec) => TimeSpan.FromSeconds(JobKinds.All.Sum(kind => Time(spec, kind.Kind).TotalSeconds));

    private TimeSpan Time(AtlasSpec spec, JobKind kind)
        => TimeSpan.FromSeconds(Math.Min(WorkEstimate.OfKind(spec, kind) / _workPerSecond, TimeSpan.MaxValue.TotalSeconds / 100));

    private double Bytes()
    {
        var mosaics = (_spec.Methods.HasFlag(AtlasMethods.Top9) ? 1 : 0) + (_spec.Methods.HasFlag(AtlasMethods.Deconv) ? 1 : 0);
        var cells = (TopPatches * mosaics) + (_spec.Methods.HasFlag(AtlasMethods.Ascent) ? _spec.Ascent.PicturesPerNeuron() : 0)
            + (_spec.Methods.HasFlag(AtlasMethods.Facets) ? UsualFacets * (TopPatches + 2) : 0);
        return (_spec.Keep?.Bytes(_spec.NeuronCount()) ?? 0) + _spec.Layers.Sum(
            layer => layer.Channels * (BytesPerNeuron + (BytesPerPixel * cells * WorkEstimate.Pixels(_spec, layer))));
    }

    private static string Format(TimeSpan time) => ProgressDisplay.FormatDuration(time);
}
