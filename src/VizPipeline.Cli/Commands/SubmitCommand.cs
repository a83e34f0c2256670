using System.CommandLine;
using VizPipeline.Atlas.Web;
using VizPipeline.Catalog;
using VizPipeline.Cli.Cluster;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz submit</c>: builds an atlas on a cluster, with the options of <c>run</c>.</summary>
internal sealed class SubmitCommand
{
    private readonly AtlasOptions _atlas = new();
    private readonly Option<string?> _coordinator = CoordinatorOption.Create();
    private readonly Option<string?> _root = new("--images-at")
    {
        Description =
            "Location of the images on the workers: a folder or s3://BUCKET/PREFIX; default: that of --images. A worker checks it",
    };
    private readonly Option<int> _priority = new("--priority")
    {
        Description = "Priority, -100 to 100; atlases with a higher priority go first",
        DefaultValueFactory = _ => 0,
    };
    private readonly Option<bool> _watch = new("--watch") { Description = "Show the progress until the atlas is finished" };

    public static Command Create()
    {
        var submit = new SubmitCommand();
        var command = new Command("submit", "Build the atlas of a network on a cluster; takes the options of run");
        submit._atlas.AddTo(command);
        foreach (var option in (Option[])[submit._coordinator, submit._root, submit._priority, submit._watch])
            command.Options.Add(option);
        command.SetAction(submit.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using var coordinator = new CoordinatorClient(parsed.GetValue(_coordinator));
        var request = _atlas.CreateRequest(parsed, isHere: false, cancellation);
        var spec = AtlasSpecs.Create(request);
        if (spec.Model.ModelSha256 is { } model)
            spec = spec with
            {
                Model = spec.Model with { ModelKey = await coordinator.SendModelAsync(spec.Model.Model, model, cancellation) },
            };
        if (spec.Model is { Weights: { } file, WeightsSha256: { } weights })
            spec = spec with { Model = spec.Model with { WeightsKey = await coordinator.SendModelAsync(file, weights, cancellation) } };
        if (request.Dictionaries.Count > 0)
        {
            var sent = new List<DictionarySpec>();
            foreach (var dictionary in request.Dictionaries)
                sent.Add(dictionary.Spec with
                {
                    Key = await dictionary.UseFileAsync(file => coordinator.SendModelAsync(file, dictionary.Spec.Sha256, cancellation)),
                });
            spec = spec with { Dictionaries = sent };
        }
        spec = spec with { Images = spec.Images with { Root = parsed.GetValue(_root) ?? spec.Images.Root } };
        var submission = new Submission(spec, AtlasSpecs.ToImageList(request.Images), parsed.GetRequiredValue(_priority));
        var submitted = await coordinator.PostAsync<Submitted>("atlases", submission, cancellation);
        Console.WriteLine(
            $"{Describe(submitted)}: {Format.Counted(spec.NeuronCount(), "neuron")} in {Format.Counted(spec.Layers.Count, "layer")}"
            + (spec.NeedsScan() ? $" over {Format.Counted(spec.Images.Count, "image")}" : ""));
        if (request.ClassReport is { } report)
            Console.WriteLine(report);
        if (submitted.Note is { } note)
            await Console.Error.WriteLineAsync($"viz: {note}");
        if (parsed.GetValue(_watch))
            return await AtlasWatch.RunAsync(coordinator, submitted.Id, cancellation);
        if (submitted.State == AtlasState.Running)
            Console.WriteLine($"Follow it with `viz status {submitted.Id} --watch`");
        return ExitCode.Done;
    }

    private static string Describe(Submitted submitted) => submitted switch
    {
        { Added.Count: > 0 } => $"Growing atlas '{submitted.Id}' by {string.Join("; ", submitted.Added)}",
        { Resumed: false } => $"Planned atlas '{submitted.Id}'",
        { JobsAgain: > 0 } =>
            $"Resuming atlas '{submitted.Id}', running {Format.Counted(submitted.JobsAgain, "failed or cancelled job")} again",
        { State: AtlasState.Running } => $"Atlas '{submitted.Id}' is already being built; nothing was changed",
        _ => $"Atlas '{submitted.Id}' is already complete; nothing was changed",
    };
}

/// <summary>The option that names the coordinator.</summary>
internal static class CoordinatorOption
{
    public static Option<string?> Create() => new("--coordinator")
    {
        Description = "Address of the coordinator, e.g. http://HOST:8080; default: $VIZ_COORDINATOR",
    };
}
