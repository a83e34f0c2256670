using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Methods.GradientAscent;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz recipes</c>: the ascent recipes that come along, one of them as JSON, and a search for new ones.</summary>
internal static class RecipesCommand
{
    public static Command Create() => new("recipes", "Recipes of gradient ascent: list them, show one as JSON, search for one")
    {
        List(),
        Show(),
        RecipeSearchCommand.Create(),
    };

    private static Command List()
    {
        var command = new Command("list", "The recipes that come along");
        command.SetAction(_ =>
        {
            foreach (var name in AscentPresets.Names)
            {
                var recipe = AscentPresets.Find(name)!;
                Console.WriteLine($"{name,-13} {recipe.Steps,5} steps  {recipe.Description ?? $"{recipe.Name[2..]} (Yosinski et al. 2015, table 1)"}");
            }
            Console.WriteLine("`viz recipes show NAME > mine.json` writes one down; change it and give the file wherever a recipe is asked for.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var name = new Argument<string>("recipe") { Description = RecipeOptions.Choices };
        var command = new Command("show", "A recipe as JSON") { name };
        command.SetAction(parsed =>
        {
            Console.WriteLine(RecipeJson.Write(RecipeOptions.Find("recipe", parsed.GetRequiredValue(name)).Recipe, indented: true));
            return ExitCode.Done;
        });
        return command;
    }
}
