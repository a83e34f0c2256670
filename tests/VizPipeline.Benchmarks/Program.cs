using System.Globalization;
using VizPipeline.Benchmarks;

// Ratios, each taken within one run: absolute times of shared machines mean little.
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- search|keep|decode|deconv|ascent|memory MODEL IMAGES
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- cluster [WORKERS,ROWS ...]
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- readers
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- similar
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- store [IMAGES ...]
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- ascent-maxima MODEL PREPROCESSING IMAGES MAXIMA.json
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- ascent-shares MODEL PREPROCESSING MAXIMA.json DEVICE LAYERS NEURONS \
//       RECIPE[:STEPS] ...
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- ascent-sheet MODEL PREPROCESSING MAXIMA.json DEVICE SHEET.png \
//       neuron|channel RECIPE[:STEPS] ...
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- ascent-steps MODEL PREPROCESSING LAYERS NEURONS SHEET.png
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- ascent-regions MODEL PREPROCESSING LAYER ...
if (args is ["readers"])
    return await ReaderBenchmarks.RunAsync();
if (args is ["cluster", .. var cases])
    return await ClusterBenchmarks.RunAsync(cases.Length == 0
        ? [(10, 0), (100, 0), (1_000, 0), (100, 100_000), (100, 1_000_000), (1_000, 1_000_000)]
        : [.. cases.Select(text => text.Split(',')).Select(
            parts => (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture)))]);
if (args is ["store", .. var sizes])
{
    await StoreBenchmarks.RunAsync(sizes.Length == 0
        ? [500, 50_000] : sizes.Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
    return 0;
}
if (args is ["similar"])
{
    SimilarBenchmarks.Run();
    return 0;
}
if (args is ["ascent-maxima", var network, var preprocess, var set, var output])
{
    Bench.OnTorchThread(() => AscentEvidence.Maxima(network, preprocess, set, output));
    return 0;
}
if (args is ["ascent-shares", var network2, var preprocess2, var maxima, var device, var some, var most, .. var recipes])
{
    Bench.OnTorchThread(
        () => AscentEvidence.Shares(network2, preprocess2, maxima, recipes, device, some, int.Parse(most, CultureInfo.InvariantCulture)));
    return 0;
}
if (args is ["ascent-sheet", var network3, var preprocess3, var maxima3, var device3, var picture,
    ("neuron" or "channel") and var objective, .. var recipes3])
{
    Bench.OnTorchThread(() => AscentEvidence.Sheet(network3, preprocess3, maxima3, recipes3, device3, picture, objective == "channel"));
    return 0;
}
if (args is ["ascent-steps", var network6, var preprocess6, var layers6, var most6, var sheet6])
{
    Bench.OnTorchThread(
        () => AscentEvidence.Steps(network6, preprocess6, layers6, int.Parse(most6, CultureInfo.InvariantCulture), sheet6));
    return 0;
}
if (args is ["deconv-scale", var network5, var preprocess5, var images5])
{
    Bench.OnTorchThread(() => DeconvolutionEvidence.Measure(network5, preprocess5, images5));
    return 0;
}
if (args is ["ascent-regions", var network4, var preprocess4, .. var layers])
{
    Bench.OnTorchThread(() => AscentEvidence.Regions(network4, preprocess4, layers));
    return 0;
}
if (args is not [var what, var model, var images])
{
    Console.Error.WriteLine(
        "usage: search|keep|decode|deconv|ascent|memory MODEL IMAGES   (preprocessing: /255, 224x224), "
        + "or cluster, readers, similar, store");
    return 2;
}
var benchmark = what switch
{
    "search" => SearchBenchmarks.Cached,
    "keep" => SearchBenchmarks.Kept,
    "decode" => SearchBenchmarks.FromJpeg,
    "deconv" => MethodBenchmarks.Deconvolution,
    "ascent" => MethodBenchmarks.Ascent,
    "memory" => SearchBenchmarks.Memory,
    _ => (Action<Bench>?)null,
};
if (benchmark is null)
{
    Console.Error.WriteLine($"no benchmark '{what}'");
    return 2;
}
Bench.OnTorchThread(() =>
{
    using var bench = new Bench(model, images);
    benchmark(bench);
});
return 0;
