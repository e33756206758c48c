import "altcha-2";
