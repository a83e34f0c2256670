using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Ascent recipes by name or file, alike in every command.</summary>
internal static class RecipeOptions
{
    /// <summary>What a recipe option takes, for help and errors.</summary>
    public static string Choices { get; } = $"1 (high-frequency), 2 (sparse), 3 (low-frequency), 4 (medium), {string.Join(", ", AscentPresets.Names.Skip(4))}, or a JSON file (see `viz recipes`)";

    /// <summary>The name that a recipe has in an atlas, and the recipe.</summary>
    /// <param name="option">The option, for errors.</param>
    /// <param name="text">A number, a name or a file.</param>
    /// <exception cref="UsageException">There is none of that name.</exception>
    /// <exception cref="RecipeException">The file holds none.</exception>
    public static (string Name, AscentRecipe Recipe, bool IsFile) Find(string option, string text)
    {
        if (AscentPresets.Find(text) is { } known)
            return (text, known, false);
        if (!File.Exists(text))
            throw new UsageException($"{option} '{text}' is unknown; choose of {Choices}");
        var name = NameOf(text);
        return AscentPresets.Find(name) is null
            ? (name, RecipeJson.Read(text), true) : throw new UsageException($"{option} '{text}' would be called {name}, as one that comes along is; rename the file");
    }

    /// <summary>Checks an objective's name and makes it.</summary>
    public static AscentObjective ObjectiveOf(string name) => AscendNeuronsHandler.ObjectiveOf(name);

    // A file's name as a slug that begins with a letter.
    private static string NameOf(string file)
    {
        var slug = Embedded.AtlasSpecs.Slug(Path.GetFileNameWithoutExtension(file));
        var name = slug.Length > 40 ? slug[..40].TrimEnd('-') : slug;
        return PresetNames.IsName(name) && !PresetNames.IsNumber(name) ? name : $"recipe-{name[..Math.Min(name.Length, 33)].TrimEnd('-')}";
    }
}
