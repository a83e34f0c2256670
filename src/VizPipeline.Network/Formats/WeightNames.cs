using System.Text.RegularExpressions;

namespace VizPipeline.Network.Formats;

/// <summary>What wrappers around a network put before its parameters' names, and what older versions called them.</summary>
internal static class WeightNames
{
    // DataParallel, torch.compile, averaged models, and the attribute that a training script's own class keeps the network in.
    private static readonly string[] Wrappers = ["module.", "_orig_mod.", "model.", "net."];

    // The step count of torch.optim.swa_utils.AveragedModel stands beside the network's own names.
    private const string AverageCount = "n_averaged";

    // Names come from the file and may be long: this kind takes time in proportion.
    private static readonly Regex OldDenseLayer = new(
        @"^(.*denselayer[0-9]+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_mean|running_var|num_batches_tracked))$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>The network's own names of its parameters, by the names in the file; those that are not the network's are left out.</summary>
    public static IEnumerable<(string InFile, string Own)> Own(IEnumerable<string> names)
    {
        var all = names.ToList();
        if (all.Count > 1)
            all.Remove(AverageCount);
        var prefix = CommonWrapper(all);
        return all.Select(name => (name, WithoutDots(name[prefix..])));
    }

    /// <summary>The length of the wrappers' prefixes that all names begin with, for example 7 where all begin with <c>module.</c>.</summary>
    private static int CommonWrapper(List<string> all)
    {
        var length = 0;
        while (all.Count > 0 && Wrappers.FirstOrDefault(wrapper => all.All(name => HasAt(name, wrapper, length))) is { } found)
            length += found.Length;
        return length;
    }

    // A name that is nothing but the prefix keeps it: an empty name would help nobody.
    private static bool HasAt(string name, string wrapper, int start)
        => name.Length > start + wrapper.Length && string.CompareOrdinal(name, start, wrapper, 0, wrapper.Length) == 0;

    // DenseNets of before PyTorch 0.4, torchvision's own files among them: `denselayer1.norm.1.weight` is now `denselayer1.norm1.weight`.
    private static string WithoutDots(string name) => OldDenseLayer.Match(name) is { Success: true } old ? old.Groups[1].Value + old.Groups[2].Value : name;
}
