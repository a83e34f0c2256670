using System.Text.RegularExpressions;

namespace VizPipeline.Network.Formats;

/// <summary>
/// Maps parameter names in files to the network's own: removes wrappers' prefixes and translates names of older versions.
/// </summary>
internal static class WeightNames
{
    // DataParallel, torch.compile, averaged models, and the attribute in which a training script's class keeps the network.
    private static readonly string[] Wrappers = ["module.", "_orig_mod.", "model.", "net."];

    // AveragedModel of torch.optim.swa_utils stores its step count next to the network's parameters.
    private const string AverageCount = "n_averaged";

    // Names come from the file and may be long, so the pattern must run in linear time.
    private static readonly Regex OldDenseLayer = new(
        @"^(.*denselayer[0-9]+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var|num_batches_tracked))$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Pairs the names in the file with the network's own names; leaves out names that are not the network's.</summary>
    public static IEnumerable<(string InFile, string Own)> Own(IEnumerable<string> names)
    {
        var all = names.ToList();
        if (all.Count > 1)
            all.Remove(AverageCount);
        var prefix = CommonWrapper(all);
        return all.Select(name => (name, WithoutDots(name[prefix..])));
    }

    /// <summary>Returns the length of the wrapper prefixes that all names share, for example 7 if all begin with <c>module.</c>.</summary>
    private static int CommonWrapper(List<string> all)
    {
        var length = 0;
        while (all.Count > 0 && Wrappers.FirstOrDefault(wrapper => all.All(name => HasAt(name, wrapper, length))) is { } found)
            length += found.Length;
        return length;
    }

    // A name that equals the prefix keeps it, because an empty name would be useless.
    private static bool HasAt(string name, string wrapper, int start)
        => name.Length > start + wrapper.Length && string.CompareOrdinal(name, start, wrapper, 0, wrapper.Length) == 0;

    // DenseNets from before PyTorch 0.4, also torchvision's files: `denselayer1.norm.1.weight` is now `denselayer1.norm1.weight`.
    private static string WithoutDots(string name) =>
        OldDenseLayer.Match(name) is { Success: true } old ? old.Groups[1].Value + old.Groups[2].Value : name;
}
