using System.CommandLine.Parsing;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Parses lists on the command line: values separated by commas, in one or several arguments.</summary>
public static class LayerList
{
    /// <summary>Returns the trimmed values of all arguments.</summary>
    public static string[] Parse(ArgumentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return [.. result.Tokens.SelectMany(
            token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
    }
}
