using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>Patterns that fill the picture, seen at a slant.</summary>
internal static class Textures
{
    public static void Draw(Brush brush, Pattern pattern)
    {
        var dice = brush.Dice;
        var (ground, figure) = (brush.Palette.Second, brush.Palette.Main);
        if (pattern == Pattern.Bricks && dice.Chance(0.6f))
            (ground, figure) = (brush.Palette.Near(30, 12, dice.Pick(35, 80)), brush.Palette.Near(14, 62, 62));
        var size = pattern is Pattern.Bricks ? dice.Between(0.24f, 0.5f) : dice.Between(0.18f, 0.52f);

        // Bricks and scales have an up and a down; the other patterns do not.
        brush.Canvas.RotateDegrees(pattern is Pattern.Bricks or Pattern.Scales ? dice.Between(-35, 35) : dice.Between(0, 360));
        var tilt = SKMatrix.CreateIdentity();
        (tilt.Persp0, tilt.Persp1) = (dice.Between(-0.16f, 0.16f), dice.Between(-0.16f, 0.16f));
        (tilt.SkewX, tilt.SkewY) = (dice.Between(-0.25f, 0.25f), dice.Between(-0.2f, 0.2f));
        brush.Canvas.Concat(tilt);
        brush.Canvas.Translate(dice.Between(-0.4f, 0.4f), dice.Between(-0.4f, 0.4f));
        Patterns.Draw(pattern, brush, ground, figure, size, reach: 2.6f);
    }
}
