using System.CommandLine;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;
using VizPipeline.Sample.Training;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz sample train|pictures</c>: trains the sample network, or draws its pictures.</summary>
internal static class SampleCommand
{
    public static Command Create() => new("sample", "Train the sample network, or draw its pictures") { Train(), Pictures() };

    private static Command Train()
    {
        var defaults = new TrainingOptions();
        var folder = new Option<string>("--out") { Description = "Folder for the network files", Required = true };
        var steps = new Option<int>("--steps") { Description = "Training steps", DefaultValueFactory = _ => defaults.Steps };
        var seed = new Option<int>("--seed")
        {
            Description = "Seed of the weights and the pictures",
            DefaultValueFactory = _ => (int)defaults.Seed,
        };
        var command = new Command("train", "Train the sample network on generated pictures (about 15 minutes on two cores)")
        {
            folder, steps, seed,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var options = defaults with { Steps = parsed.GetValue(steps), Seed = parsed.GetValue(seed) };
            if (options.Steps < 1)
                throw new UsageException("--steps must be 1 or more");
            var trained = SampleTrainer.Train(options, new TrainingLines(), cancellation);
            var path = SampleNetwork.WriteTo(parsed.GetRequiredValue(folder), trained);
            Console.WriteLine(
                $"{trained.HeldOutAccuracy:P1} of {options.HeldOutPictures:N0} held-out pictures classified correctly; wrote {path}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Pictures()
    {
        var folder = new Option<string>("--out") { Description = "Folder for the pictures, with a subfolder per class", Required = true };
        var count = new Option<int>("--count") { Description = "Number of pictures", DefaultValueFactory = _ => 2_000 };
        var seed = new Option<int>("--seed") { Description = "Seed of the pictures", DefaultValueFactory = _ => 7 };
        var command = new Command("pictures", "Draw sample pictures into a folder") { folder, count, seed };
        command.SetAction((parsed, cancellation) =>
        {
            var wanted = parsed.GetValue(count) is > 0 and var some ? some : throw new UsageException("--count must be 1 or more");
            PictureFolder.Generate(parsed.GetRequiredValue(folder), wanted, parsed.GetValue(seed), null, cancellation);
            Console.WriteLine(
                $"{Format.Counted(wanted, "picture")} of {PictureGenerator.Classes.Count} classes in {parsed.GetRequiredValue(folder)}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private sealed class TrainingLines : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => Console.WriteLine(
            $"step {value.Step:N0} of {value.Steps:N0}  loss "
                + $"{value.Loss:0.000}{(value.HeldOutAccuracy is { } right ? $"  held out {right:P1}" : "")}  "
                + $"{ProgressDisplay.FormatDuration(value.Left)} left");
    }
}
