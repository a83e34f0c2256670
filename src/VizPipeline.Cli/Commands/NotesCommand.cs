using System.CommandLine;
using VizPipeline.Atlas.Export;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Query;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz notes ATLAS</c>: prints the lists of neurons of an atlas with their notes.</summary>
internal static class NotesCommand
{
    private static readonly ExportTable<(NeuronList List, ListedNeuron Neuron)> Table = new("notes",
    [
        new("list", Text, row => row.List.Id),
        new("title", Text, row => row.List.Title),
        new("layer", Text, row => row.Neuron.Layer),
        new("channel", Integer, row => row.Neuron.Channel),
        new("note", Text, row => row.Neuron.Note),
        new("added_at", Text, row => AtlasTable.FormatTime(row.Neuron.AddedAt)),
    ]);

    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas" };
        var list = new Option<string?>("--list") { Description = "Only the list with this id, the end of its address" };
        var format = TableOutput.CreateOption();
        var command = new Command("notes", "Print the lists of neurons that were starred on the pages, with their notes")
        {
            folder, list, format,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(folder), parsed.GetValue(list), parsed.GetRequiredValue(format), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string? id, string format, CancellationToken cancellation)
    {
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        var lists = new NeuronLists(atlas.Database.Notes, TimeProvider.System);
        IReadOnlyList<NeuronList> found = id is null ? await lists.ReadAllAsync(atlas.Spec.Id, cancellation)
            : await lists.FindAsync(atlas.Spec.Id, id, cancellation) is { } one
            ? [one] : throw new UsageException($"--list '{id}': the atlas has no such list; without --list all are printed");
        await TableOutput.WriteAsync(
            format, Table, found.SelectMany(list => list.Neurons.Select(neuron => (list, neuron))),
            "no neurons in lists; star some on the pages that `viz serve` shows", cancellation);
        return ExitCode.Done;
    }
}
