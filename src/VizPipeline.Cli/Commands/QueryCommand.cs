using System.CommandLine;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Query;
using VizPipeline.Images;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz query ATLAS</c>: finds neurons by layer, class and statistics, and prints them as a table, data, or pictures.</summary>
internal static class QueryCommand
{
    private static readonly string[] Shown =
        ["layer", "channel", "name", "max", "mean", "fraction_positive", "dead", "best_class", "class_selectivity", "top_purity",
            "active_images"];

    public static Command Create()
    {
        var atlas = new Argument<string>("atlas")
        {
            Description = "The folder of an atlas, or its address on a server: http://HOST:8082/atlases/NAME",
        };
        var layer = new Option<string?>("--layer") { Description = "Names of layers, separated by commas; * and ? are wildcards" };
        var text = new Option<string?>("--text")
        {
            Description = "Part of the name of the best class or, for output neurons, of the output",
        };
        var dead = new Option<string?>("--dead")
        {
            Description = "yes or no: whether the neuron of a rectified layer is dead, that is, active on at most 0.1 % of the images",
        };
        var where = new Option<string[]>("--where")
        {
            Description =
                $"A condition on a statistic, such as 'class_selectivity>=0.5'; can be repeated, then all must hold. Statistics: "
                + $"{string.Join(", ", NeuronStatistic.All.Select(of => of.Name))}",
        };
        var sort = new Option<string>("--sort")
        {
            Description = "layer, or a statistic; a leading minus sorts in descending order: --sort=-max",
            DefaultValueFactory = _ => "layer",
        };
        var limit = new Option<int>("--limit") { Description = "Maximum number of neurons", DefaultValueFactory = _ => 50 };
        var format = TableOutput.CreateOption();
        var pictures = new Option<string?>("--pictures")
        {
            Description =
                "Also show pictures, if the terminal supports it: top1, top9, deconv, filter, ascent-p3-s0 (recipe 3, seed 0) or "
                + "ascent-fourier-s0",
        };
        var command = new Command("query", "Find neurons by layer, class and statistics")
        {
            atlas, layer, text, dead, where, sort, limit, format, pictures,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var isDead = parsed.GetValue(dead) switch
            {
                null => (bool?)null,
                "yes" => true,
                "no" => false,
                var odd => throw new UsageException($"--dead must be yes or no, not '{odd}'"),
            };
            var count = parsed.GetValue(limit) is > 0 and var asked ? asked : throw new UsageException("--limit must be 1 or more");
            var view = parsed.GetValue(pictures) is { } id
                ? TileView.Find(id)
                ?? throw new UsageException($"--pictures '{id}' is unknown; use top1, top9, deconv, filter, or ascent-p3-s0") : null;
            var question = new NeuronQuestion(
                parsed.GetValue(layer), parsed.GetValue(text), isDead, parsed.GetValue(where) ?? [], parsed.GetValue(sort)!);
            var terminal = view is null ? null : TerminalPictures.Detect(Environment.GetEnvironmentVariable)
                ?? throw new UsageException(
                    "--pictures: this terminal cannot show pictures (it is not kitty or iTerm2, and COLORTERM is not truecolor); use "
                    + "`viz serve` to see them in a browser");
            if (NeuronSupport.IsAskedBy(question.Sort, question.Where.Select(condition => condition.Split('<', '>', '=')[0].Trim())))
                await Console.Error.WriteLineAsync(
                    $"viz: {NeuronSupport.Explain(NeuronSupport.LeastImages)} (in small sets, half of the images); "
                    + $"--where '{NeuronFacts.ActiveImagesName}>=0' shows them");
            using var source = await NeuronSource.OpenAsync(parsed.GetRequiredValue(atlas), cancellation);
            var found = await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), NeuronSource.Columns, source.ReadAsync(question, count, cancellation),
                "no matching neurons", cancellation, Shown);
            if (view is not null && terminal is not null && found.Count > 0)
                await WritePicturesAsync(found, source, view, terminal, cancellation);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task WritePicturesAsync(
        IReadOnlyList<object?[]> rows, NeuronSource source, TileView view, TerminalPictures terminal, CancellationToken cancellation)
    {
        var perLine = Math.Max(1, ConsoleOutput.Wide().Profile.Width / TerminalPictures.Columns);
        var shown = new List<(string Caption, RgbImage Picture)>();
        foreach (var row in rows)
        {
            if (await source.GetTileAsync((string)row[0]!, (int)row[1]!, view, cancellation) is { } tile)
                shown.Add(($"{row[0]} {row[1]}", tile));
        }
        foreach (var line in shown.Chunk(Math.Min(perLine, 8)))
        {
            terminal.Write(Console.Out, [.. line.Select(item => item.Picture)]);
            Console.WriteLine(string.Concat(line.Select(item => item.Caption.PadRight(TerminalPictures.Columns))));
        }
        if (shown.Count == 0)
            await Console.Error.WriteLineAsync($"viz: none of these neurons has a picture '{view.Id}'");
    }
}
