using System.Globalization;
using VizPipeline.Fuzz;
using VizPipeline.Fuzz.Targets;

// Feeds damaged files to the readers of networks, weights and images:
//
//   VizPipeline.Fuzz [onnx] [weights] [images] [--inputs 100000] [--seed 1] [--failures FOLDER]
//
// Prints what came of them, saves what must not be, and ends with 1 if there was any.
FuzzTarget[] targets = [new OnnxTarget(), new WeightsTarget(), new ImageTarget()];
if (args is ["--child", var name, var childSeed, var from, var to, var progressFile, var skipped])
{
    return FuzzChild.Run(
        Find(name), Number(childSeed), Number(from), Number(to), progressFile,
        [.. skipped.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number)]);
}
if (args is ["--check", var checkedTarget, var file, var seedName])
{
    var folder = Directory.CreateTempSubdirectory("viz-fuzz-").FullName;
    var trial = Trial.Of(Find(checkedTarget), new FuzzInput(seedName, File.ReadAllBytes(file)), folder, mayCrash: true);
    Directory.Delete(folder, recursive: true);
    Console.WriteLine(trial);
    return trial.Failure is null ? 0 : 3;
}
var (inputs, seed, failures) = (Number(Option("--inputs") ?? "100000"), Number(Option("--seed") ?? "1"), Option(
    "--failures") ?? "fuzz-failures");
var chosen = targets.Where(target => args.Contains(target.Name)).ToArray();
var found = 0;
foreach (var target in chosen.Length == 0 ? targets : chosen)
    found += await new Campaign(target, seed, inputs, failures).RunAsync();
return found == 0 ? 0 : 1;

FuzzTarget Find(string wanted) => targets.First(target => target.Name == wanted);

string? Option(string option) => Array.IndexOf(args, option) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
