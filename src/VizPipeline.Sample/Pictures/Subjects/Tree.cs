using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A tree: a round crown of leaves, or a fir.</summary>
internal static class Tree
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        var leaf = dice.Chance(0.75f) ? brush.Palette.Near(dice.Between(75, 140), 60, 50) : brush.Palette.Near(dice.Between(0, 45), 75, 75);
        var bark = brush.Palette.Near(25, 50, 32);
        var half = dice.Between(0.07f, 0.13f);
        using var trunk = Outline.Polygon(new(-half, 0), new(half, 0), new(half * 1.6f, 1), new(-half * 1.6f, 1));
        brush.Body(trunk, bark);
        if (dice.Chance(0.4f))
            Fir(brush, leaf);
        else
            Crown(brush, leaf);
    }

    private static void Fir(Brush brush, SKColor leaf)
    {
        var tiers = brush.Dice.Whole(3, 4);
        for (var tier = 0; tier < tiers; tier++)
        {
            var part = (float)tier / tiers;
            float bottom = 0.65f - 1.1f * part, half = 0.66f * (1 - 0.68f * part);
            using var skirt = Outline.Polygon(new(-half, bottom), new(0, bottom - 0.75f), new(half, bottom));
            brush.Body(skirt, Palette.Lighter(leaf, 0.12f * tier));
        }
    }

    private static void Crown(Brush brush, SKColor leaf)
    {
        var dice = brush.Dice;
        using var crown = Outline.Draw(path =>
        {
            path.AddCircle(0, -0.3f, 0.48f);
            for (var puff = 0; puff < 8; puff++)
            {
                var place = Outline.OnCircle(45 * puff + dice.Between(-15, 15), dice.Between(0.3f, 0.42f));
                path.AddCircle(place.X * 1.1f, place.Y - 0.32f, dice.Between(0.2f, 0.28f));
            }
        });
        brush.Fill(crown, leaf);
        brush.Canvas.Save();
        brush.Canvas.ClipPath(crown, antialias: true);
        for (var dab = dice.Whole(20, 50); dab > 0; dab--)
        {
            var place = Outline.OnCircle(dice.Between(0, 360), 0.7f * MathF.Sqrt(dice.Unit()));
            var tone = dice.Chance(0.5f)
                ? Palette.Lighter(leaf, dice.Between(0.1f, 0.35f))
                : Palette.Darker(leaf, dice.Between(0.1f, 0.4f));
            brush.Oval(place.X, place.Y - 0.32f, 0.08f, 0.06f, tone);
        }
        brush.Canvas.Restore();
        brush.Round(crown, 0.5f);
        for (var fruit = dice.Chance(0.25f) ? dice.Whole(3, 8) : 0; fruit > 0; fruit--)
        {
            var place = Outline.OnCircle(dice.Between(0, 360), dice.Between(0.1f, 0.5f));
            brush.Disc(place.X, place.Y - 0.32f, 0.065f, brush.Palette.Near(5, 85, 80));
        }
    }
}
