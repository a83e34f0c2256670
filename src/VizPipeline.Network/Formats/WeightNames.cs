namespace VizPipeline.Network.Formats;

/// <summary>What wrappers around a network put before its parameters' names.</summary>
internal static class WeightNames
{
    private static readonly string[] Wrappers = ["module.", "_orig_mod."];

    /// <summary>The length of the wrappers' prefixes that all names begin with, for example 7 where all begin with <c>module.</c>.</summary>
    public static int CommonWrapper(IEnumerable<string> names)
    {
        var all = names.ToList();
        var length = 0;
        while (all.Count > 0 && Wrappers.FirstOrDefault(wrapper => all.All(name => HasAt(name, wrapper, length))) is { } found)
            length += found.Length;
        return length;
    }

    // A name that is nothing but the prefix keeps it: an empty name would help nobody.
    private static bool HasAt(string name, string wrapper, int start)
        => name.Length > start + wrapper.Length && string.CompareOrdinal(name, start, wrapper, 0, wrapper.Length) == 0;
}
