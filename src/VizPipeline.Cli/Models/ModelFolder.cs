using VizPipeline.Network.Zoo;

namespace VizPipeline.Cli.Models;

/// <summary>The folder of official weights on this machine, shared by all processes.</summary>
public static class ModelFolder
{
    /// <summary>The path of the folder: $VIZ_MODELS, else $XDG_CACHE_HOME/viz/models, else ~/.cache/viz/models.</summary>
    public static string Path
    {
        get
        {
            if (Environment.GetEnvironmentVariable("VIZ_MODELS") is { Length: > 0 } named)
                return System.IO.Path.GetFullPath(named);
            var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
                ? cache : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return System.IO.Path.GetFullPath(System.IO.Path.Combine(home, "viz", "models"));
        }
    }

    /// <summary>Returns the path of a weights file, whether it exists or not.</summary>
    public static string GetPath(ZooWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return System.IO.Path.Combine(Path, weights.File);
    }

    /// <summary>Whether a weights file exists.</summary>
    public static bool Contains(ZooWeights weights) => File.Exists(GetPath(weights));

    /// <summary>Returns the first of a model's weights whose file exists, or null.</summary>
    public static ZooWeights? FindPresent(ZooModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Weights.FirstOrDefault(Contains);
    }
}
