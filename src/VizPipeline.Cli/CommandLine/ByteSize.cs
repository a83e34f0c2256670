namespace VizPipeline.Cli.CommandLine;

/// <summary>Writes numbers of bytes for people.</summary>
internal static class ByteSize
{
    /// <summary>Returns a number of bytes in kB, MB or GB.</summary>
    public static string Format(double bytes) => bytes switch
    {
        0 => "0 kB",
        < 1e6 => $"{Math.Max(1, bytes / 1e3):0} kB",
        < 1e9 => $"{bytes / 1e6:0} MB",
        _ => $"{bytes / 1e9:0.0} GB",
    };
}
