using VizPipeline.Benchmarks;

// Ratios, each taken within one run: absolute times of shared machines mean little.
//   dotnet run -c Release --project tests/VizPipeline.Benchmarks -- search|decode|deconv|ascent|memory MODEL IMAGES
if (args is not [var what, var model, var images])
{
    Console.Error.WriteLine("usage: search|decode|deconv|ascent|memory MODEL IMAGES   (preprocessing: /255, 224x224)");
    return 2;
}
using var bench = new Bench(model, images);
switch (what)
{
    case "search": SearchBenchmarks.Cached(bench); break;
    case "decode": SearchBenchmarks.FromJpeg(bench); break;
    case "deconv": MethodBenchmarks.Deconvolution(bench); break;
    case "ascent": MethodBenchmarks.Ascent(bench); break;
    case "memory": SearchBenchmarks.Memory(bench); break;
    default: Console.Error.WriteLine($"no benchmark '{what}'"); return 2;
}
return 0;
