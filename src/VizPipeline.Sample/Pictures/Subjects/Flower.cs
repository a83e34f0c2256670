using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A blossom seen from above: petals around a middle.</summary>
internal static class Flower
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        var petals = dice.Whole(5, 11);
        var reach = dice.Between(0.85f, 1f);
        var heart = dice.Between(0.2f, 0.34f);
        var wide = MathF.Min(0.3f, 1.9f * reach / petals) * dice.Between(0.75f, 1.1f);
        if (dice.Chance(0.3f))
            Leaves(brush);
        Ring(brush, petals, reach, wide, brush.Palette.Main, turn: 0);
        if (dice.Chance(0.3f))
            Ring(brush, petals, reach * 0.68f, wide * 0.75f, Palette.Lighter(brush.Palette.Main, 0.3f), turn: 180f / petals);

        using var middle = Outline.Disc(0, 0, heart);
        brush.Body(middle, dice.Chance(0.6f) ? brush.Palette.Near(dice.Pick(48f, 25f), 85, 85) : brush.Palette.Unlike(brush.Palette.Main));
        for (var seed = dice.Whole(0, 12); seed > 0; seed--)
        {
            var place = Outline.OnCircle(dice.Between(0, 360), heart * dice.Between(0, 0.8f));
            brush.Disc(place.X, place.Y, 0.035f, SKColors.SaddleBrown);
        }
    }

    private static void Ring(Brush brush, int petals, float reach, float wide, SKColor color, float turn)
    {
        using var petal = Outline.Oval(0, -reach * 0.56f, wide, reach * 0.44f);
        for (var index = 0; index < petals; index++)
        {
            brush.Canvas.Save();
            brush.Canvas.RotateDegrees(360f * index / petals + turn);
            brush.Fill(petal, index % 2 == 0 ? color : Palette.Darker(color, 0.12f));
            brush.Line(Palette.Darker(color, 0.3f), 0.03f, new SKPoint(0, -0.25f * reach), new SKPoint(0, -0.75f * reach));
            brush.Stroke(petal, Palette.Darker(color, 0.3f), 0.025f);
            brush.Canvas.Restore();
        }
    }

    private static void Leaves(Brush brush)
    {
        foreach (var degrees in new[] { 25f, 155f })
        {
            brush.Canvas.Save();
            brush.Canvas.RotateDegrees(degrees);
            using var leaf = Outline.Oval(0.75f, 0, 0.4f, 0.16f);
            brush.Body(leaf, brush.Palette.Near(115, 65, 50));
            brush.Canvas.Restore();
        }
    }
}
