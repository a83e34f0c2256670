using System.CommandLine;
using VizPipeline.Atlas.Api;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Query;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz notes ATLAS</c>: prints the lists of neurons of an atlas with their notes, and changes them.</summary>
internal static class NotesCommand
{
    private static readonly ExportTable<NoteRow> Table = new("notes",
    [
        new("list", Text, row => row.List),
        new("title", Text, row => row.Title),
        new("layer", Text, row => row.Layer),
        new("channel", Integer, row => row.Channel),
        new("note", Text, row => row.Note),
        new("added_at", Text, row => row.AddedAt),
    ]);

    public static Command Create()
    {
        var atlas = new Argument<string>("atlas")
        {
            Description = "The folder of an atlas, or its address on a server: http://HOST:8082/atlases/NAME",
        };
        var list = new Option<string?>("--list") { Description = "Only the list with this id, the end of its address" };
        var make = new Option<string?>("--new") { Description = "Make a list with this title, and print its id and its key" };
        var add = new Option<string?>("--add") { Description = "Add a neuron, LAYER:CHANNEL, to the list, or change its note" };
        var note = new Option<string?>("--note") { Description = "The note of the neuron of --add; without it the present one stays" };
        var remove = new Option<string?>("--remove") { Description = "Take a neuron, LAYER:CHANNEL, out of the list" };
        var format = TableOutput.CreateOption();
        var command = new Command("notes", "Print the lists of neurons that were starred on the pages, with their notes, or change them")
        {
            atlas, list, make, add, note, remove, format,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var change = new Change(
                parsed.GetValue(list), parsed.GetValue(make), parsed.GetValue(add), parsed.GetValue(note), parsed.GetValue(remove));
            change.Check();
            try
            {
                using var notes = await NotesSource.OpenAsync(parsed.GetRequiredValue(atlas), cancellation);
                if (change.IsOne)
                    await change.MakeAsync(notes, cancellation);
                else
                    await TableOutput.WriteAsync(
                        parsed.GetRequiredValue(format), Table, await notes.ReadAsync(change.List, cancellation),
                        "no neurons in lists; star some on the pages that `viz serve` shows", cancellation);
                return ExitCode.Done;
            }
            catch (Exception refused) when (refused is QueryException or NotFoundException or NoteRefusedException)
            {
                throw new UsageException(refused.Message);
            }
        });
        return command;
    }

    private sealed record Change(string? List, string? New, string? Add, string? Note, string? Remove)
    {
        public bool IsOne => New is not null || Add is not null || Remove is not null;

        public void Check()
        {
            if (new[] { New, Add, Remove }.Count(given => given is not null) > 1)
                throw new UsageException("give one of --new, --add and --remove");
            if (Note is not null && Add is null)
                throw new UsageException("--note needs the neuron that it is about: --add LAYER:CHANNEL");
            if ((Add ?? Remove) is not null && List is null)
                throw new UsageException("--add and --remove need the id of a list, --list; --new makes one");
            if (New is not null && List is not null)
                throw new UsageException("--new makes a list of its own; leave out --list");
        }

        public async Task MakeAsync(NotesSource notes, CancellationToken cancellation)
        {
            if (New is not null)
            {
                var (id, key) = await notes.MakeAsync(New, cancellation);
                Console.WriteLine($"list {id}");
                Console.WriteLine($"key {key}: changes on a server need it, in {NotesSource.KeyVariable}; it is not shown again");
            }
            else if (Add is not null)
            {
                var (layer, channel) = ActivationEndpoints.SplitNeuron("--add", Add);
                await notes.PutAsync(List!, layer, channel, Note, cancellation);
            }
            else
            {
                var (layer, channel) = ActivationEndpoints.SplitNeuron("--remove", Remove!);
                await notes.RemoveAsync(List!, layer, channel, cancellation);
            }
        }
    }
}
